/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - between a target, the mutator that knows the layout, and the driver that runs them.
 *
 * A target has libFuzzer's entry points, so that libFuzzer and AFL++ can drive it as well; driver.c is for machines that have gcc alone.
 *
 * An input is one of two things.  An image is struct fuzz_image and the first bytes of an object, whose rest is zero.  A script is one byte
 * of flags and then steps, each struct fuzz_step and `length` bytes: it is played against a segment that lives.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "../either_way.h"
#include "layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FUZZ_INPUT_MAX 16384u
#define FUZZ_SELF_PID UINT32_C(0x002fedcb) /* in a slot of an image: the process that looks at it, with its other marks */

extern const char fuzz_target[];
extern const bool fuzz_plays_scripts;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* ---- mutate.c ---- */
size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t most, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t most,
                                 unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *input, size_t size, size_t most); /* of the driver, or of libFuzzer: bytes that mean nothing */

/* ---- coverage.c: what the instrumented code told ---- */
#define FUZZ_EDGES 65536u
extern uint8_t *fuzz_edges; /* counters, shared with a target's child processes */
void fuzz_coverage_begin(void);
/* One operand of a comparison that was seen lately, and what it was compared with. */
bool fuzz_compared(unsigned int pick, uint64_t *a, uint64_t *b, size_t *width);

/* ---- steps of a script ---- */
struct fuzz_step {
    uint8_t what;
    uint8_t length; /* bytes that follow, but for an IMAGE, which is all the rest */
    uint16_t argument;
};

enum fuzz_what {
    FUZZ_PATCH, /* the bytes are written at 4 x argument of the object */
    FUZZ_WORD,  /* the live value number bytes[0] (enum fuzz_live) + (int8_t)bytes[1] pages goes there, 8 bytes or 4 */
    FUZZ_CALL,  /* argument mod FUZZ_CALLS */
    FUZZ_IMAGE, /* the bytes are written at 0 */
    FUZZ_WHATS
};

/* Values that only the living segment has. */
enum fuzz_live {
    FUZZ_LIVE_BASE,
    FUZZ_LIVE_RESERVED,
    FUZZ_LIVE_NO_HEADER, /* -header_len: added to it, nothing is left */
    FUZZ_LIVE_ACTIVE,
    FUZZ_LIVE_EPOCH,
    FUZZ_LIVE_OWN_PID,
    FUZZ_LIVE_OWN_AGENT,
    FUZZ_LIVE_OTHER_PID,
    FUZZ_LIVE_OTHER_AGENT,
    FUZZ_LIVE_BYSTANDER, /* a process that has nothing to do with it */
    FUZZ_LIVE_CANARY,    /* how far a canary is from the base */
    FUZZ_LIVES
};

enum fuzz_call {
    FUZZ_GROW,
    FUZZ_SHRINK,
    FUZZ_REMAP,
    FUZZ_MAP,
    FUZZ_MAP_OTHER,
    FUZZ_PIN,
    FUZZ_ROOTS,
    FUZZ_PEERS,
    FUZZ_REAP,
    FUZZ_OTHER_GROW,
    FUZZ_OTHER_SHRINK,
    FUZZ_OTHER_REMAP,
    FUZZ_OTHER_LOOK,
    FUZZ_STOP_OTHER,
    FUZZ_CONTINUE_OTHER,
    FUZZ_RING,
    FUZZ_FLICKER, /* the last patch comes and goes from here on */
    FUZZ_CALM,
    FUZZ_CALLS
};

struct fuzz_image {
    uint32_t length; /* of the object, mod FUZZ_OBJECT_MAX */
    uint32_t calls;  /* what is done with it: bits of the target's choosing */
};
#define FUZZ_OBJECT_MAX (1u << 20)
#define FUZZ_SLOW UINT32_C(0x700) /* of the calls: they look at every process of the machine, or take a thread */

/* ---- object.c: the segment's object, of one name for the whole run ---- */
extern char fuzz_name[PM_NAME_MAX];
void fuzz_object_name(void);
void fuzz_object_write(const struct fuzz_image *head, const uint8_t *bytes, size_t size); /* makes it anew */
int fuzz_object_open(void);                                                              /* for reading and writing */

/* ---- canary.c ---- */

/* Says what happened and ends the process so that the driver keeps the input. */
__attribute__((format(printf, 1, 2))) _Noreturn void fuzz_found(const char *format, ...);
void canary_setup(void);
/* From now on the code under test may touch this object only, and not its first `keep` bytes; (0, 0) ends it. */
void canary_allow(dev_t device, ino_t inode, uint64_t keep);
/* Puts canaries before and after the range, if there are none yet. */
void canary_around(uintptr_t from, uintptr_t to);
uintptr_t canary_address(void);
pid_t canary_bystander(void);
void canary_check(void);

#endif
