/* SPDX-License-Identifier: MIT */
/* character.c - see character.h. */
#include "character.h"

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

/* Not what a terminal obeys (C0, C1), and not what turns the order of the text around it or cannot be seen. */
bool pm_character_is_safe(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x61c && !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
           !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff && !(c >= 0xfff0 && c <= 0xfffb) && c < 0xe0000;
}
