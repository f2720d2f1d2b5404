/* SPDX-License-Identifier: MIT */
/* error.c - names and texts of the error codes, from the one list in peermap.h; and the sentence on a thread's last failure. */
#include "error.h"

#include "character.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint32_t peermap_version(void) { return PEERMAP_VERSION_NUMBER; }

const char *peermap_error_name(int code)
{
    switch (code) {
    case PEERMAP_OK: return "PEERMAP_OK";
#define X(name, number, text)                                                                                          \
    case number: return "PEERMAP_" #name;
        PEERMAP_ERRORS(X)
#undef X
    default: return "PEERMAP_?";
    }
}

const char *peermap_error_text(int code)
{
    switch (code) {
    case PEERMAP_OK: return "success";
#define X(name, number, text)                                                                                          \
    case number: return text;
        PEERMAP_ERRORS(X)
#undef X
    default: return "not a code of this library";
    }
}

static _Thread_local char sentence[PM_SENTENCE];

/* Names in it are others' bytes, and it may go to a terminal as it is. */
static void make_printable(char *text)
{
    uint32_t character;
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = pm_character_next(text, left, &character);
        if (character == UINT32_MAX || !pm_character_is_safe(character))
            memset(text, '?', length);
    }
}

int pm_fail(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    make_printable(sentence);
    return code;
}

void pm_last_error_set(const char *text) { snprintf(sentence, sizeof sentence, "%s", text); }

const char *peermap_last_error(void) { return sentence; }
