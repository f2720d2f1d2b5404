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

size_t text_next(const char *bytes, size_t length, uint32_t *character)
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

/* Not what a terminal obeys (C0, C1), and not what turns the order of the text around it or cannot be seen. */
bool text_is_safe(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x61c && !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
           !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff && !(c >= 0xfff0 && c <= 0xfffb) && c < 0xe0000;
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
        step = text_next(bytes + at, length - at, &character);
        if (character == UINT32_MAX || !text_is_safe(character)) {
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
        at += text_next(tame + at, length - at, &character);
    return columns;
}

size_t text_width(const char *tame) { return text_columns(tame, strlen(tame)); }

size_t text_fitting(const char *tame, size_t length, size_t columns)
{
    size_t at = 0;
    uint32_t character;
    while (at < length) {
        const size_t step = text_next(tame + at, length - at, &character), width = columns_of(character);
        if (width > columns)
            break;
        columns -= width;
        at += step;
    }
    return at;
}
