/* SPDX-License-Identifier: MIT */
/* fail.c - how the tool fails: a sentence on the standard error output; with --json also a document for programs, on standard output. */
#include "cli.h"

#include "json.h"
#include "model.h"
#include "peermap.h"
#include "words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool json, line;
    const char *command; /* whose help has what a usage error lacks; NULL: none was named yet */
} how;

void fail_in_json(bool line)
{
    how.json = true;
    how.line = line;
}

void fail_with_help_of(const char *command) { how.command = command; }

static char *format_of(const char *format, va_list arguments)
{
    char *text = NULL;
    return need(vasprintf(&text, format, arguments) < 0 ? NULL : text);
}

static void tell(const char *name, const char *text)
{
    const struct out out = out_open(stderr);
    out_line(&out, PLAIN, "peermap: %s%s%s", name ? *name ? name : "\"\"" : "", name ? ": " : "", text);
}

static void document(const char *code, const char *text)
{
    struct json json = { .file = stdout, .lines = how.line };
    if (!how.json)
        return;
    json_open(&json, NULL, '{');
    model_error(&json, code, text);
    json_close(&json, '}');
}

static int fail(const char *code, const char *name, char *text)
{
    char *whole = name ? text_of("%s: %s", name, text) : text_of("%s", text);
    document(code, whole);
    tell(name, text);
    free(whole);
    free(text);
    return EXIT_FAILED;
}

int usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_of(format, arguments);
    va_end(arguments);
    const bool question = text[strlen(text) - 1] == '?';
    fail("usage", NULL, text_of("%s%s peermap %s%s--help", text, question ? " See" : "; see", how.command ? how.command : "", how.command ? " " : ""));
    free(text);
    return EXIT_USAGE;
}

int failure(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_of(format, arguments);
    va_end(arguments);
    return fail("failed", name, text);
}

int refusal(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_of(format, arguments);
    va_end(arguments);
    return fail("refused", name, text);
}

int readonly_refusal(const char *name, const char *by)
{
    fail("readonly", name, text_of("this changes something, and %s forbids that", by));
    return EXIT_READONLY;
}

int output_failure(const char *text)
{
    tell("standard output", text);
    return EXIT_FAILED;
}

/* Where the sentence begins with the name, as it has it, after that: the line has the name already. */
static const char *without_name(const char *name, const char *sentence)
{
    const size_t length = strnlen(name, 80);
    return strncmp(sentence, name, length) == 0 && strncmp(sentence + length, ": ", 2) == 0 ? sentence + length + 2 : sentence;
}

static char *sentence_of(int code, const char *sentence)
{
    return text_of("%s%s", pmo_sentence_of(PMO_TOOL, sentence ? sentence : peermap_last_error()).text,
                   code == PEERMAP_ENOENT ? "; peermap ls shows those there are" : "");
}

static int tell_library_error(const char *name, int code, const char *text)
{
    char *line = text_of("%s: %s", peermap_error_name(code), without_name(name, text));
    tell(name, line);
    free(line);
    return code == PEERMAP_ENOENT ? EXIT_NO_SEGMENT : code == PEERMAP_ENAME ? EXIT_USAGE : EXIT_FAILED;
}

int library_error(const char *name, int code, const char *sentence)
{
    char *text = sentence_of(code, sentence);
    document(peermap_error_name(code), text);
    const int rc = tell_library_error(name, code, text);
    free(text);
    return rc;
}

int documented_error(const char *name, int code, const char *sentence)
{
    char *text = sentence_of(code, sentence);
    const int rc = tell_library_error(name, code, text);
    free(text);
    return rc;
}
