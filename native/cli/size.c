/* SPDX-License-Identifier: MIT */
/* size.c - sizes and times as people read and type them. */
#include "size.h"

#include "out.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MOST ((UINT64_C(1) << 53) - 1)
#define A_SIZE "a size is such as 64K, 2 MiB, +25% or 0x10000"

/* At most `decimals`, none where they would be zero. */
static struct figure decimal(double value, int decimals, const char *unit)
{
    struct figure figure;
    char number[32];
    snprintf(number, sizeof number, "%.*f", decimals, value);
    if (strchr(number, '.')) {
        size_t end = strlen(number);
        while (number[end - 1] == '0')
            end--;
        number[number[end - 1] == '.' ? end - 1 : end] = '\0';
    }
    snprintf(figure.text, sizeof figure.text, "%s %s", number, unit);
    return figure;
}

static struct figure bytes_to(uint64_t bytes, int decimals)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double value = (double)bytes;
    unsigned unit = 0;
    for (; value >= 1024 && unit < 6; unit++)
        value /= 1024;
    return decimal(value, unit == 0 ? 0 : decimals, bytes == 1 ? "byte" : units[unit]);
}

struct figure figure_bytes(uint64_t bytes) { return bytes_to(bytes, 2); }

/* Decimals by which the two are told apart. */
static int decimals_between(uint64_t a, uint64_t b)
{
    int decimals = 2;
    while (a != b && decimals < 9 && strcmp(bytes_to(a, decimals).text, bytes_to(b, decimals).text) == 0)
        decimals++;
    return decimals;
}

struct figure figure_bytes_unlike(uint64_t bytes, uint64_t other) { return bytes_to(bytes, decimals_between(bytes, other)); }

struct figure figure_pages(uint64_t bytes)
{
    const int above = decimals_between(bytes, bytes + 4096), below = decimals_between(bytes, bytes < 4096 ? bytes : bytes - 4096);
    return bytes_to(bytes, above > below ? above : below);
}

char *rounding_of(uint64_t asked, uint64_t made, uint64_t page)
{
    if (asked == 0 || asked == made)
        return text_of("%s", "");
    return text_of(" (%s, rounded %s to pages of %s)", figure_bytes_unlike(asked, made).text, asked < made ? "up" : "down", figure_bytes(page).text);
}

struct figure figure_time(uint64_t ns)
{
    if (ns < 1000)
        return decimal((double)ns, 0, "ns");
    if (ns < 1000000)
        return decimal((double)ns / 1e3, 1, "µs");
    return ns < 1000000000 ? decimal((double)ns / 1e6, 2, "ms") : decimal((double)ns / 1e9, 2, "s");
}

static struct figure wall(uint64_t wall_ns, const char *format)
{
    struct figure figure;
    const time_t seconds = (time_t)(wall_ns / 1000000000);
    struct tm parts;
    if (!localtime_r(&seconds, &parts) || strftime(figure.text, sizeof figure.text, format, &parts) == 0)
        snprintf(figure.text, sizeof figure.text, "?");
    return figure;
}

struct figure figure_clock(uint64_t wall_ns)
{
    struct figure figure = wall(wall_ns, "%H:%M:%S");
    const size_t length = strlen(figure.text);
    snprintf(figure.text + length, sizeof figure.text - length, ".%06" PRIu64, wall_ns % 1000000000 / 1000);
    return figure;
}

struct figure figure_date(uint64_t wall_ns) { return wall(wall_ns, "%Y-%m-%d %H:%M:%S"); }

struct figure figure_user(uint32_t uid)
{
    static uint32_t known;
    static struct figure figure;
    if (figure.text[0] && known == uid)
        return figure;
    const struct passwd *user = uid == UINT32_MAX ? NULL : getpwuid(uid);
    if (user || uid == UINT32_MAX)
        snprintf(figure.text, sizeof figure.text, "%s", user ? user->pw_name : "?");
    else
        snprintf(figure.text, sizeof figure.text, "%" PRIu32, uid);
    known = uid;
    return figure;
}

struct figure figure_count(uint64_t count, const char *one)
{
    struct figure figure;
    const size_t length = strlen(one);
    const char *more = count == 1 ? "" : length > 2 && strcmp(one + length - 2, "ss") == 0 ? "es" : "s";
    snprintf(figure.text, sizeof figure.text, "%" PRIu64 " %s%s", count, one, more);
    return figure;
}

/* The power of 1024 that a unit stands for; -1: it is none. */
static int power_of(const char *unit)
{
    static const char *const forms[] = { "", "b", "ib" };
    static const char letters[] = "kmgt";
    if (!*unit || strcasecmp(unit, "b") == 0 || strcasecmp(unit, "byte") == 0 || strcasecmp(unit, "bytes") == 0)
        return 0;
    const char *letter = strchr(letters, tolower((unsigned char)*unit));
    for (size_t i = 0; letter && i < sizeof forms / sizeof *forms; i++)
        if (strcasecmp(unit + 1, forms[i]) == 0)
            return (int)(letter - letters) + 1;
    return -1;
}

/* What is left after a number: digits with, at most, one point among them, or 0x and hexadecimal digits.  NULL: it is none. */
static const char *scan_number(const char *text, double *value, bool *hexadecimal)
{
    const size_t digits = strspn(text, "0123456789");
    size_t length = digits;
    *hexadecimal = digits == 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (*hexadecimal) {
        length = 2 + strspn(text + 2, "0123456789abcdefABCDEF");
        if (length == 2)
            return NULL;
        char *end;
        errno = 0;
        *value = (double)strtoull(text, &end, 16);
        if (errno != 0)
            *value = 1e30;
        return text + length;
    }
    if (text[digits] == '.' && isdigit((unsigned char)text[digits + 1]))
        length = digits + 1 + strspn(text + digits + 1, "0123456789");
    if (digits == 0)
        return NULL;
    *value = 0;
    double place = 1;
    for (size_t i = 0; i < length; i++) { /* strtod() would go by the locale's point */
        if (text[i] == '.')
            continue;
        place = i > digits ? place / 10 : 1;
        *value = i > digits ? *value + place * (text[i] - '0') : *value * 10 + (text[i] - '0');
    }
    return text + length;
}

/* What the number stands for, with its unit: NULL, or what is wrong with that. */
static const char *apply_unit(const char *unit, bool hexadecimal, uint64_t current, double *value)
{
    if (hexadecimal && *unit)
        return "a hexadecimal size is in bytes: leave the unit out";
    if (strcmp(unit, "%") == 0) {
        if (current == 0)
            return "there is nothing yet that this could be a part of: give a number of bytes";
        *value *= (double)current / 100;
        return NULL;
    }
    const int power = power_of(unit);
    if (power < 0)
        return A_SIZE;
    if (power == 0 && *value < (double)MOST && *value > (double)(uint64_t)*value)
        return "there is no part of a byte: give a whole number of them";
    *value *= (double)(UINT64_C(1) << 10 * power);
    return NULL;
}

/* 0 is one, too. */
static const char *parse_amount(const char *text, uint64_t current, uint64_t *bytes)
{
    char unit[8] = "";
    double value;
    bool hexadecimal;
    text = scan_number(text + strspn(text, " \t"), &value, &hexadecimal);
    if (!text)
        return A_SIZE;
    text += strspn(text, " \t");
    const size_t length = strcspn(text, " \t");
    if (length >= sizeof unit || text[length + strspn(text + length, " \t")] != '\0')
        return A_SIZE;
    memcpy(unit, text, length);
    const char *wrong = apply_unit(unit, hexadecimal, current, &value);
    if (wrong)
        return wrong;
    if (value > (double)MOST)
        return "this is more than any machine can address";
    *bytes = (uint64_t)value;
    *bytes += (double)*bytes < value;
    return NULL;
}

const char *parse_size(const char *text, uint64_t current, uint64_t *bytes)
{
    text += strspn(text, " \t");
    if (*text == '-')
        return "a size cannot be negative";
    const char *wrong = parse_amount(text + (*text == '+'), current, bytes);
    return wrong ? wrong : *bytes > 0 ? NULL : "the size must be greater than zero";
}

const char *parse_offset(const char *text, uint64_t *offset)
{
    if (text[0] == '-')
        return "an offset cannot be negative";
    return parse_amount(text, 0, offset) == NULL ? NULL : "an offset is such as 0x10000, 65536 or 64K";
}

bool parse_number(const char *text, uint64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}
