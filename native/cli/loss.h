/* SPDX-License-Identifier: MIT */
/* loss.h - what a shrink takes from others. */
#ifndef CLI_LOSS_H
#define CLI_LOSS_H

#include <stdint.h>

/* As it was looked at.  Process-local. */
struct loss {
    uint64_t active, bytes; /* of the segment, and of those that go; 0: it could not be looked at, and the shrink itself tells why */
    char *why;              /* a question; NULL: nobody else has it, and nothing that has a name is in it */
};

/* `size` is what was typed.  Nothing of a heap: its shrink gives way to what lives in the tail by itself. */
void loss_find(const char *name, const char *size, struct loss *loss);
void loss_free(struct loss *loss);

#endif
