/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdlib.h>
#include <string.h>

static bool in_word(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte > 127 || byte == '_' || (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

size_t words_next(char **at, char *end, char **word)
{
    while (*at < end) {
        char *p = *at;
        while (p < end && !in_word(*p))
            p++;
        *word = p;
        for (; p < end && in_word(*p); p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p | 0x20);
        *at = p;
        size_t length = (size_t)(p - *word);
        if (length >= WORD_MIN && length <= WORD_MAX)
            return length;
    }
    return 0;
}

static bool more_slots(struct words_tally *tally)
{
    size_t count = tally->slot_count == 0 ? 1024 : tally->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < tally->length; i++) {
        size_t slot = tally->counts[i].hash & (count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (count - 1);
        slots[slot] = (uint32_t)i + 1;
    }
    free(tally->slots);
    tally->slots = slots;
    tally->slot_count = count;
    return true;
}

static bool count_one(struct words_tally *tally, const char *word, size_t length)
{
    if (tally->length * 2 >= tally->slot_count && !more_slots(tally))
        return false;
    uint32_t hash = (uint32_t)index_hash(word, length);
    size_t slot = hash & (tally->slot_count - 1);
    for (; tally->slots[slot] != 0; slot = (slot + 1) & (tally->slot_count - 1)) {
        struct index_count *count = &tally->counts[tally->slots[slot] - 1];
        if (count->hash == hash && count->length == length && memcmp(count->text, word, length) == 0) {
            count->count++;
            return true;
        }
    }
    if (tally->length == tally->capacity) {
        size_t capacity = tally->capacity == 0 ? 512 : tally->capacity * 2;
        struct index_count *counts = realloc(tally->counts, capacity * sizeof *counts);
        if (counts == NULL)
            return false;
        tally->counts = counts;
        tally->capacity = capacity;
    }
    tally->counts[tally->length++] = (struct index_count){ .text = word, .length = (uint32_t)length, .hash = hash, .count = 1 };
    tally->slots[slot] = (uint32_t)tally->length;
    return true;
}

bool words_count(struct words_tally *tally, char *text, size_t length)
{
    if (tally->slots != NULL)
        memset(tally->slots, 0, tally->slot_count * sizeof *tally->slots);
    tally->length = 0;
    tally->occurrences = 0;
    char *word;
    char *end = text + length;
    for (size_t n; (n = words_next(&text, end, &word)) != 0; tally->occurrences++)
        if (!count_one(tally, word, n))
            return false;
    return true;
}

void words_free(struct words_tally *tally)
{
    free(tally->counts);
    free(tally->slots);
    *tally = (struct words_tally){ 0 };
}
