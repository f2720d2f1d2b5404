/* SPDX-License-Identifier: MIT */
/*
 * json.h - text for programs.  Always UTF-8, and safe to print: what is neither text nor harmless is escaped, or replaced.
 *
 * Each function takes the key, or NULL in an array.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *file;
    bool lines; /* a value is one line; otherwise it is laid out for reading */
    unsigned depth;
    bool first; /* nothing has been written at this depth */
};

void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *text);
/* A size, offset or count: past 2^53 it can only be damage, and the largest number that every reader has stands for it. */
void json_number(struct json *json, const char *key, uint64_t number);
void json_signed(struct json *json, const char *key, int64_t number);
void json_exact(struct json *json, const char *key, uint64_t number); /* a time, which may be past that */
void json_bool(struct json *json, const char *key, bool value);
void json_hex(struct json *json, const char *key, uint64_t number); /* an address, as a string */
void json_milliseconds(struct json *json, const char *key, uint64_t ns);

#endif
