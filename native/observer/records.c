/* SPDX-License-Identifier: MIT */
/*
 * records.c - copying the tables of a header, whose records change hands while they are copied.
 *
 * A slot or root begins with a tag that changes whenever the record changes hands, so a copy is of one owner if the tag was the same
 * before and after it.  Fields that their owner changes meanwhile (acked, mapped) are words of their own, and each is one that it had.
 */
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 16

/* Full barrier: the copy stays between the two looks at the tag; pairs with the release store of the tag by its writer. */
static void copied(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

static uint64_t tag_of(const void *record)
{
    uint64_t tag;
    memcpy(&tag, record, sizeof tag);
    return tag;
}

/* `length` bytes or nothing: an object that ends before is an error. */
static int read_all(int fd, uint64_t offset, void *into, size_t length)
{
    ssize_t got = pmo_read(fd, offset, into, length);
    if (got < 0)
        return (int)-got;
    return (size_t)got == length ? 0 : ENODATA;
}

static int read_one(int fd, uint64_t offset, size_t size, void *record, bool *good)
{
    *good = false;
    for (int i = 0; i < TRIES && !*good; i++) {
        uint64_t before, after;
        int error = read_all(fd, offset, &before, sizeof before);
        copied();
        if (error == 0)
            error = read_all(fd, offset, record, size);
        copied();
        if (error == 0)
            error = read_all(fd, offset, &after, sizeof after);
        if (error != 0)
            return error;
        *good = before == after && tag_of(record) == after;
    }
    return 0;
}

static int read_table(int fd, uint64_t offset, uint32_t count, size_t size, char *records, char *other, bool *good)
{
    int error = read_all(fd, offset, other, count * size);
    copied();
    if (error == 0)
        error = read_all(fd, offset, records, count * size);
    for (uint32_t i = 0; i < count && error == 0; i++)
        good[i] = tag_of(other + i * size) == tag_of(records + i * size);
    copied();
    if (error == 0)
        error = read_all(fd, offset, other, count * size);
    for (uint32_t i = 0; i < count && error == 0; i++) {
        if (!good[i] || tag_of(other + i * size) != tag_of(records + i * size))
            error = read_one(fd, offset + i * size, size, records + i * size, &good[i]);
    }
    return error;
}

int pmo_records_read(int fd, uint64_t offset, uint32_t count, size_t size, void *records, bool *good)
{
    char *other = malloc(count * size);
    if (!other)
        return ENOMEM;
    int error = read_table(fd, offset, count, size, records, other, good);
    free(other);
    return error;
}

bool pmo_name_tame(char name[PM_NAME_MAX])
{
    bool tame = true;
    char *end = memchr(name, '\0', PM_NAME_MAX);
    if (!end) {
        tame = false;
        end = &name[PM_NAME_MAX - 1];
    }
    memset(end, 0, (size_t)(name + PM_NAME_MAX - end));
    for (char *at = name; at < end; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = '?';
            tame = false;
        }
    }
    return tame;
}
