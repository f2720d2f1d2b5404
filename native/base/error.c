/* SPDX-License-Identifier: MIT */
/* error.c - names and texts of the error codes, from the one list in peermap.h; and the sentence on a thread's last failure. */
#include "error.h"

#include <stdarg.h>
#include <stdbool.h>
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

/* How many bytes of a character of UTF-8 that may be printed are here; 0: what is here is none.  Not of the controls, of both kinds. */
static size_t printable(const unsigned char *at)
{
    static const unsigned char least[] = { 0, 0xc2, 0xe0, 0xf0 };
    size_t more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
    if (more == 0)
        return at[0] >= ' ' && at[0] != 0x7f;
    const bool odd = (at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90); /* a control; too long a form */
    if (at[0] < least[more] || at[0] > 0xf4 || odd)
        return 0;
    for (size_t i = 1; i <= more; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return more + 1;
}

/* Names in it are others' bytes, and it may go to a terminal as it is. */
static void make_printable(char *text)
{
    for (size_t length; *text; text += length) {
        length = printable((unsigned char *)text);
        if (length == 0) {
            *text = '?';
            length = 1;
        }
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
