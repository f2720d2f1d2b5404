/* SPDX-License-Identifier: MIT */
/* maps_line.c - see maps_line.h. */
#include "maps_line.h"

#include <string.h>
#include <sys/sysmacros.h>

/* A number and the character after it.  strtoull() would take a sign and a blank as well, and says nothing of a number that is too long. */
static bool number(const char **at, unsigned base, char after, uint64_t *value)
{
    static const char digits[] = "0123456789abcdef";
    const char *begin = *at;
    *value = 0;
    for (const char *digit; **at && (digit = memchr(digits, **at, base)) != NULL; ++*at) {
        if (*value > (UINT64_MAX - (uint64_t)(digit - digits)) / base)
            return false;
        *value = *value * base + (uint64_t)(digit - digits);
    }
    return *at > begin && (after == '\0' || *(*at)++ == after);
}

static bool access_of(const char **at, uint32_t *access)
{
    static const char letters[] = "rwxs";
    *access = 0;
    for (unsigned i = 0; i < 4; i++, ++*at) {
        if (**at == letters[i])
            *access |= 1u << i;
        else if (**at != (i == 3 ? 'p' : '-'))
            return false;
    }
    return *(*at)++ == ' ';
}

bool pm_maps_line_read(const char *text, struct pm_maps_line *line)
{
    uint64_t major, minor;
    if (!number(&text, 16, '-', &line->from) || !number(&text, 16, ' ', &line->to) || !access_of(&text, &line->access) ||
        !number(&text, 16, ' ', &line->offset) || !number(&text, 16, ':', &major) || !number(&text, 16, ' ', &minor) ||
        !number(&text, 10, '\0', &line->inode) || line->to < line->from || major > UINT32_MAX || minor > UINT32_MAX)
        return false;
    if (*text != ' ' && *text != '\n' && *text != '\0')
        return false;
    line->device = makedev((unsigned)major, (unsigned)minor);
    line->path = text + strspn(text, " ");
    line->path_length = (uint32_t)strcspn(line->path, "\n");
    return true;
}
