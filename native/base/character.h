/* SPDX-License-Identifier: MIT */
/* character.h - somebody else's bytes as characters of UTF-8, and which of those may be shown. */
#ifndef PM_CHARACTER_H
#define PM_CHARACTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character that begins here; UINT32_MAX if these bytes are none.  How many bytes that is, at least 1. */
size_t pm_character_next(const char *bytes, size_t length, uint32_t *character);
/* Not what a terminal obeys, nor what turns the order of the text around it, nor what nobody sees: unseen.h. */
bool pm_character_is_safe(uint32_t c);

#endif
