/* SPDX-License-Identifier: MIT */
/* text.c - somebody else's bytes, made printable. */
#include "out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void *need(void *memory)
{
    if (!memory) {
        fputs("peermap: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

char *text_of(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return need(length < 0 ? NULL : text);
}

/* Our own words have some characters that not every terminal has. */
static const char *plain(uint32_t character)
{
    switch (character) {
    case 0xb5: return "u";    /* µs */
    case 0x2026: return "~";  /* ellipsis */
    case 0x2192: return "->"; /* arrow */
    default: return "?";
    }
}

char *text_tame(const struct out *out, const char *bytes, size_t length)
{
    char *tame = need(malloc(2 * length + 1)), *to = tame;
    uint32_t character;
    for (size_t at = 0, step; at < length; at += step) {
        step = pm_character_next(bytes + at, length - at, &character);
        if (character == UINT32_MAX || !pm_character_is_safe(character)) {
            *to++ = '?';
        } else if (character < 0x80 || out->utf8) {
            memcpy(to, bytes + at, step);
            to += step;
        } else {
            to = stpcpy(to, plain(character));
        }
    }
    *to = '\0';
    return tame;
}

static size_t columns_of(uint32_t character)
{
    const int columns = character < 0x80 ? 1 : wcwidth((wchar_t)character);
    return columns < 0 ? 1 : (size_t)columns;
}

size_t text_columns(const char *tame, size_t length)
{
    size_t columns = 0;
    uint32_t character;
    for (size_t at = 0; at < length; columns += columns_of(character))
        at += pm_character_next(tame + at, length - at, &character);
    return columns;
}

size_t text_width(const char *tame) { return text_columns(tame, strlen(tame)); }

size_t text_fitting(const char *tame, size_t length, size_t columns)
{
    size_t at = 0;
    uint32_t character;
    while (at < length) {
        const size_t step = pm_character_next(tame + at, length - at, &character), width = columns_of(character);
        if (width > columns)
            break;
        columns -= width;
        at += step;
    }
    return at;
}
