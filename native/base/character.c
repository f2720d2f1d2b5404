/* SPDX-License-Identifier: MIT */
/* character.c - see character.h. */
#include "character.h"

#include "unseen.h"

/* The first byte's share of the character, and how many bytes follow it; -1: none can begin so. */
static int begin(unsigned char byte, uint32_t *share)
{
    if (byte < 0x80)
        return *share = byte, 0;
    if (byte >= 0xc2 && byte < 0xe0)
        return *share = byte & 0x1f, 1;
    if (byte >= 0xe0 && byte < 0xf0)
        return *share = byte & 0x0f, 2;
    if (byte >= 0xf0 && byte < 0xf5)
        return *share = byte & 0x07, 3;
    return -1;
}

size_t pm_character_next(const char *bytes, size_t length, uint32_t *character)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    uint32_t value;
    const int more = begin((unsigned char)bytes[0], &value);
    *character = UINT32_MAX;
    if (more < 0 || (size_t)more >= length)
        return 1;
    for (int i = 1; i <= more; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if ((byte & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (byte & 0x3f);
    }
    if (value < least[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 1;
    *character = value;
    return (size_t)more + 1;
}

/* The last range that does not begin after it is the only one that can have it. */
bool pm_character_is_safe(uint32_t c)
{
    size_t from = 0, to = sizeof pm_unseen / sizeof *pm_unseen;
    if (c >= ' ' && c < 0x7f)
        return true;
    while (to - from > 1) {
        const size_t middle = from + (to - from) / 2;
        if (pm_unseen[middle].first <= c)
            from = middle;
        else
            to = middle;
    }
    return c > pm_unseen[from].last && c <= 0x10ffff;
}
