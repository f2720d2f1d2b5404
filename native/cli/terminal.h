/* SPDX-License-Identifier: MIT */
/*
 * terminal.h - the whole screen for a while.  It is given back however the program ends, but for SIGKILL.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether both ends are a terminal that can be drawn on. */
bool terminal_can(void);

/* Blocks the signals that would end or stop the program, or that tell of a new size: they are to be read.  False: not possible. */
bool terminal_enter(sigset_t *signals);
void terminal_leave(void);

/* Dies of, or is stopped by, `number`, as if it had never been blocked; the screen is given back for that. */
void terminal_obey(int number);

void terminal_size(size_t *rows, size_t *columns);
/* Draws a whole screen of text, its lines ended by '\n' and cut to so many columns, over what is there. */
void terminal_draw(const char *text, size_t length, size_t columns);

#endif
