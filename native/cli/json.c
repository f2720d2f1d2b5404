/* SPDX-License-Identifier: MIT */
/* json.c - text for programs. */
#include "json.h"

#include "out.h"

#include <inttypes.h>
#include <string.h>

#define MOST ((UINT64_C(1) << 53) - 1)

static void quote(struct json *json, const char *text)
{
    uint32_t character;
    fputc('"', json->file);
    for (size_t length = strlen(text); length > 0;) {
        const size_t step = pm_character_next(text, length, &character);
        if (character == UINT32_MAX)
            fputs("\\ufffd", json->file);
        else if (character == '"' || character == '\\')
            fprintf(json->file, "\\%c", (char)character);
        else if (pm_character_is_safe(character))
            fwrite(text, 1, step, json->file);
        else if (character < 0x10000)
            fprintf(json->file, "\\u%04" PRIx32, character);
        else
            fprintf(json->file, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((character - 0x10000) >> 10), 0xdc00 + (character & 0x3ff));
        text += step;
        length -= step;
    }
    fputc('"', json->file);
}

static void line(const struct json *json)
{
    if (!json->lines)
        fprintf(json->file, "\n%*s", (int)json->depth * 2, "");
}

static void begin(struct json *json, const char *key)
{
    if (json->depth > 0) {
        if (!json->first)
            fputc(',', json->file);
        line(json);
    }
    json->first = false;
    if (key) {
        quote(json, key);
        fputs(json->lines ? ":" : ": ", json->file);
    }
}

void json_open(struct json *json, const char *key, char bracket)
{
    begin(json, key);
    fputc(bracket, json->file);
    json->depth++;
    json->first = true;
}

void json_close(struct json *json, char bracket)
{
    const bool empty = json->first;
    json->depth--;
    if (!empty)
        line(json);
    fputc(bracket, json->file);
    json->first = false;
    if (json->depth == 0)
        fputc('\n', json->file);
}

void json_string(struct json *json, const char *key, const char *text)
{
    begin(json, key);
    quote(json, text);
}

void json_exact(struct json *json, const char *key, uint64_t number)
{
    begin(json, key);
    fprintf(json->file, "%" PRIu64, number);
}

void json_number(struct json *json, const char *key, uint64_t number) { json_exact(json, key, number < MOST ? number : MOST); }

void json_signed(struct json *json, const char *key, int64_t number)
{
    begin(json, key);
    fprintf(json->file, "%" PRId64, number);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->file);
}

void json_hex(struct json *json, const char *key, uint64_t number)
{
    begin(json, key);
    fprintf(json->file, "\"0x%" PRIx64 "\"", number);
}

void json_milliseconds(struct json *json, const char *key, uint64_t ns)
{
    begin(json, key);
    fprintf(json->file, "%" PRIu64 ".%03" PRIu64, ns / 1000000, ns / 1000 % 1000);
}
