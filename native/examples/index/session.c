/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static const char *program_name;
static sigset_t end_signals;

void session_begin(const char *program)
{
    program_name = program;
    sigemptyset(&end_signals);
    sigaddset(&end_signals, SIGINT);
    sigaddset(&end_signals, SIGTERM);
    sigaddset(&end_signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &end_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void session_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    flockfile(stderr);
    fprintf(stderr, "%s: ", program_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(args);
}

int session_failed(const char *segment, int rc)
{
    const char *sentence = peermap_last_error();
    session_say("segment '%s': %s: %s", segment, peermap_error_name(rc), *sentence != 0 ? sentence : peermap_error_text(rc));
    return SESSION_FAILED;
}

int session_usage(const char *usage)
{
    fprintf(stderr, "%s", usage);
    return SESSION_USAGE;
}

double session_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool session_wait(double seconds)
{
    double end = session_clock() + seconds;
    for (;;) {
        double left = end - session_clock();
        if (left < 0)
            left = 0;
        struct timespec wait = { .tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
        if (sigtimedwait(&end_signals, NULL, &wait) >= 0)
            return true;
        if (errno != EINTR)
            return false;
    }
}

/* Takes a line out of the bytes read so far; at the end of the input the rest is one. */
static bool take_line(char *bytes, size_t *length, size_t *taken, bool ended, char **line)
{
    memmove(bytes, bytes + *taken, *length - *taken);
    *length -= *taken;
    *taken = 0;
    char *newline = memchr(bytes, '\n', *length);
    if (newline == NULL && !(ended && *length > 0))
        return false;
    char *end = newline != NULL ? newline : bytes + *length;
    *end = 0;
    *taken = (size_t)(end - bytes) + (newline != NULL ? 1 : 0);
    *line = bytes;
    return true;
}

bool session_wait_line(char **line)
{
    static char bytes[65536 + 1];
    static size_t length, taken;
    static bool ended;
    static int signals = -1;
    if (signals < 0)
        signals = signalfd(-1, &end_signals, SFD_CLOEXEC);
    *line = NULL;
    while (!take_line(bytes, &length, &taken, ended || length == sizeof bytes - 1, line) && !ended) {
        struct pollfd look[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        if (poll(look, 2, -1) < 0 && errno != EINTR)
            return true;
        if (look[1].revents != 0)
            return true;
        ssize_t n = look[0].revents == 0 ? -1 : read(STDIN_FILENO, bytes + length, sizeof bytes - 1 - length);
        if (n > 0)
            length += (size_t)n;
        ended = n == 0 || (look[0].revents != 0 && n < 0 && errno != EINTR && errno != EAGAIN);
    }
    return false;
}

static int attach_once(const char *name, peermap_segment **out)
{
    char other[PEERMAP_NAME_MAX];
    snprintf(other, sizeof other, "%s-%ld", program_name, (long)getpid());
    peermap_options options = { .struct_size = sizeof options, .peer_name = program_name };
    int rc = peermap_attach(name, &options, out);
    if (rc == PEERMAP_EPEERNAME) {
        options.peer_name = other;
        rc = peermap_attach(name, &options, out);
    }
    return rc;
}

int session_attach(const char *name, session_ready *ready, peermap_segment **out)
{
    bool said = false;
    int rc;
    while ((rc = attach_once(name, out)) == PEERMAP_ENOENT) {
        if (!said)
            session_say("no segment '%s' yet; waiting for the indexer (Ctrl+C ends)", name);
        said = true;
        if (session_wait(0.25))
            return 1;
    }
    if (rc != 0)
        return rc;
    for (said = false; !ready(*out); said = true) {
        if (!said)
            session_say("no index in segment '%s' yet; waiting for the indexer (Ctrl+C ends)", name);
        if (session_wait(0.1)) {
            peermap_detach(*out);
            return 1;
        }
    }
    return 0;
}

const char *session_bytes(char out[static 16], double bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    size_t unit = 0;
    for (; bytes >= 1024 && unit < 4; unit++)
        bytes /= 1024;
    snprintf(out, 16, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return out;
}

void session_json_string(FILE *out, const char *text, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}
