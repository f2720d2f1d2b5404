/* SPDX-License-Identifier: MIT */
/*
 * session.h - what the demo programs have in common: arguments, attaching, waiting, ending.  Process-local.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked from session_begin() on and looked for only where it is convenient to end, so that a
 * program always leaves the registry in good order.
 */
#ifndef SESSION_H
#define SESSION_H

#include <peermap.h>
#include <stdbool.h>
#include <stdio.h>

#define SESSION_SEGMENT "demo"

enum session_exit { SESSION_OK = 0, SESSION_FAILED = 1, SESSION_USAGE = 2 };

void session_begin(const char *program);

/* "PROGRAM: ..." on stderr, as a line. */
void session_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says what failed, with the code and sentence of the last call of peermap.h.  Returns SESSION_FAILED. */
int session_failed(const char *segment, int rc);
/* Says what is wrong with the arguments.  Returns SESSION_USAGE. */
int session_usage(const char *usage);

/* Waits, 0 meaning not at all.  True if a signal asked to end. */
bool session_wait(double seconds);
/* The same, but a line on stdin ends the wait too: *line is the line without its end, NULL at the end of the input.  The line is
 * valid until the next call. */
bool session_wait_line(char **line);

double session_clock(void);

/* Attaches to the segment as a reader, under the program's name, or that and the pid if somebody has it.  While there is no
 * segment, or `ready` says there is nothing in it, says so once and waits.  0, a code of peermap.h, or 1 if asked to end. */
typedef bool session_ready(peermap_segment *segment);
int session_attach(const char *segment, session_ready *ready, peermap_segment **out);

/* "12.3 MiB" */
const char *session_bytes(char out[static 16], double bytes);
void session_json_string(FILE *out, const char *text, size_t length);

#endif
