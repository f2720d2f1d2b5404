/* SPDX-License-Identifier: MIT */
/* error.c - names and texts of the error codes, from the one list in peermap.h; and the sentence on a thread's last failure. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

int pm_fail(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return code;
}

void pm_last_error_set(const char *text) { snprintf(sentence, sizeof sentence, "%s", text); }

const char *peermap_last_error(void) { return sentence; }
