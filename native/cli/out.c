/* SPDX-License-Identifier: MIT */
/* out.c - text for people, a line at a time. */
#include "out.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t out_width(int fd)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return columns && atoi(columns) > 0 ? (size_t)atoi(columns) : 80;
}

struct out out_open(FILE *file)
{
    const int fd = fileno(file);
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    struct out out = { .file = file, .terminal = isatty(fd) != 0, .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 };
    const bool dumb = !term || strcmp(term, "dumb") == 0;
    out.colour = out.terminal && !dumb && (!no_colour || !*no_colour);
    out.width = out.terminal ? out_width(fd) : 0;
    return out;
}

static const char *sequence(enum style style)
{
    static const char *const sequences[] = { "", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[31m" };
    return sequences[style];
}

static void print(const struct out *out, enum style style, const char *tame, size_t length)
{
    const bool styled = out->colour && style != PLAIN;
    fprintf(out->file, "%s%.*s%s", styled ? sequence(style) : "", (int)length, tame, styled ? "\033[0m" : "");
}

static char *format_tame(const struct out *out, const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    need(text);
    char *tame = text_tame(out, text, strlen(text));
    free(text);
    return tame;
}

static void part(const struct out *out, enum style style, const char *format, va_list arguments)
{
    char *tame = format_tame(out, format, arguments);
    print(out, style, tame, strlen(tame));
    free(tame);
}

void out_line(const struct out *out, enum style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    part(out, style, format, arguments);
    va_end(arguments);
    fputc('\n', out->file);
}

void out_part(const struct out *out, enum style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    part(out, style, format, arguments);
    va_end(arguments);
}
