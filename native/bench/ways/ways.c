/* SPDX-License-Identifier: MIT */
/* ways.c - what the ways have in common: messages to their processes, and ends. */
#include "ways.h"

#include "../common/bench.h"

#include <stdarg.h>

void way_is_missing(struct way *way, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(way->missing, sizeof way->missing, format, arguments);
    va_end(arguments);
}

void way_tell(struct way *way, size_t message)
{
    for (size_t i = 0; i < way->count; i++)
        bench_send(way->channels[i], &message, sizeof message);
}

void way_hear(struct way *way)
{
    char word;
    for (size_t i = 0; i < way->count; i++)
        if (!bench_receive(way->channels[i], &word, 1))
            bench_die(way->name);
}

bool way_listen(int channel, size_t *message) { return bench_receive(channel, message, sizeof *message); }

void way_answer(int channel)
{
    char word = 1;
    bench_send(channel, &word, 1);
}

void way_remove_at_end(const char *path) { bench_remove_at_end(path); }
void way_die(const char *what) { bench_die(what); }
