/* SPDX-License-Identifier: MIT */
/* characters.c - of every code point, in order, whether it is shown as it is: 1 or 0. */
#include "character.h"

#include <stdio.h>

int main(void)
{
    for (uint32_t code = 0; code <= 0x10ffff; code++)
        putchar(pm_character_is_safe(code) ? '1' : '0');
    return fflush(stdout) == 0 ? 0 : 1;
}
