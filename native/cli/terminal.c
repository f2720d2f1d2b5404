/* SPDX-License-Identifier: MIT */
/* terminal.c - the whole screen for a while. */
#include "terminal.h"

#include "out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char enter[] = "\033[?1049h\033[?25l\033[H\033[2J"; /* the other screen, no cursor */
static const char leave[] = "\033[0m\033[?25h\033[?1049l";

static struct termios before;
static volatile sig_atomic_t entered;

static void put(const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t done = write(STDOUT_FILENO, text, length);
        if (done < 0)
            return;
        text += done;
        length -= (size_t)done;
    }
}

bool terminal_can(void)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* Also in a signal handler. */
void terminal_leave(void)
{
    if (!entered)
        return;
    entered = 0;
    put(leave, sizeof leave - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

/* Of a fault of ours. */
static void crash(int number)
{
    terminal_leave();
    raise(number); /* when this returns, and the handler was there for one time */
}

static void draw_on(void)
{
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    entered = 1;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    put(enter, sizeof enter - 1);
}

bool terminal_enter(sigset_t *signals)
{
    static const int blocked[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGPIPE };
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
        sigaddset(signals, blocked[i]);
    sigprocmask(SIG_BLOCK, signals, NULL);
    struct sigaction action = { .sa_handler = crash, .sa_flags = (int)SA_RESETHAND };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigaction(faults[i], &action, NULL);
    atexit(terminal_leave);
    draw_on();
    return true;
}

void terminal_obey(int number)
{
    sigset_t one;
    terminal_leave();
    sigemptyset(&one);
    sigaddset(&one, number);
    if (number == SIGTSTP) {
        raise(SIGSTOP);
        tcgetattr(STDIN_FILENO, &before);
        draw_on();
        return;
    }
    signal(number, SIG_DFL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
}

void terminal_size(size_t *rows, size_t *columns)
{
    struct winsize size;
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    *rows = known ? size.ws_row : 24;
    *columns = out_width(STDOUT_FILENO);
}

/* The sequences of colours among it take no room, and all of them stay. */
static void put_line(FILE *file, const char *text, size_t length, size_t columns)
{
    while (length > 0) {
        const char *escape = memchr(text, '\033', length);
        const size_t part = escape ? (size_t)(escape - text) : length, fits = text_fitting(text, part, columns);
        fwrite(text, 1, fits, file);
        columns -= text_columns(text, fits);
        columns = fits < part ? 0 : columns;
        text += part;
        length -= part;
        const char *end = escape ? memchr(text, 'm', length) : NULL;
        const size_t sequence = end ? (size_t)(end - text) + 1 : length;
        fwrite(text, 1, sequence, file);
        text += sequence;
        length -= sequence;
    }
}

void terminal_draw(const char *text, size_t length, size_t columns)
{
    size_t size;
    char *frame;
    FILE *file = need(open_memstream(&frame, &size));
    fputs("\033[H", file);
    for (const char *end = text + length; text < end;) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const size_t part = (size_t)((stop ? stop : end) - text);
        put_line(file, text, part, columns);
        fputs(stop && stop + 1 < end ? "\033[K\n" : "\033[K", file);
        text += part + (stop != NULL);
    }
    fputs("\033[J", file);
    fclose(file);
    put(frame, size);
    free(frame);
}
