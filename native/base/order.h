/* SPDX-License-Identifier: MIT */
/*
 * order.h - the atomic operations on shared words, each with the one memory order it is used with.  Nobody else names an order.
 *
 * The words are plain integers in a file that other processes map, so these are the compiler's builtins, not _Atomic types.
 */
#ifndef PM_ORDER_H
#define PM_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t load32(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline uint64_t load64(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void *load_pointer(void *const *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline int32_t load_error(const int32_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline uint32_t peek32(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline uint64_t peek64(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

static inline void store32(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
static inline void store64(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
static inline void store_pointer(void **word, void *value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
static inline void store_error(int32_t *word, int32_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }
static inline void poke32(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }
static inline void poke64(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

/* Sequentially consistent: for the places where two sides each write one word and read the other's (Dekker). */
static inline uint32_t order_load32(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline uint64_t order_load64(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void order_store32(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline void order_store64(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline uint32_t add32(uint32_t *word, uint32_t by) { return __atomic_fetch_add(word, by, __ATOMIC_SEQ_CST); }
static inline uint64_t add64(uint64_t *word, uint64_t by) { return __atomic_fetch_add(word, by, __ATOMIC_SEQ_CST); }
static inline uint32_t or32(uint32_t *word, uint32_t bits) { return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST); }
static inline uint64_t or64(uint64_t *word, uint64_t bits) { return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST); }
static inline uint64_t and64(uint64_t *word, uint64_t bits) { return __atomic_fetch_and(word, bits, __ATOMIC_SEQ_CST); }
static inline uint32_t swap32(uint32_t *word, uint32_t value) { return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST); }

static inline void order_all(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/* For a signal handler that interrupts this thread: the compiler moves nothing past it. */
static inline void order_here(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

/* On failure `*expected` becomes what is there. */
static inline bool cas32(uint32_t *word, uint32_t *expected, uint32_t desired)
{
    return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline bool cas64(uint64_t *word, uint64_t *expected, uint64_t desired)
{
    return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline bool cas_pointer(void **word, void **expected, void *desired)
{
    return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void *swap_pointer(void **word, void *value) { return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST); }

/* A record under a tag, word by word: it may be written while it is read.  Lengths are multiples of 8. */
typedef uint64_t __attribute__((may_alias)) pm_word;

static inline void read_words(void *copy, const void *shared, size_t length)
{
    for (size_t i = 0; i < length / 8; i++)
        ((pm_word *)copy)[i] = __atomic_load_n((const pm_word *)shared + i, __ATOMIC_RELAXED);
}

static inline void write_words(void *shared, const void *copy, size_t length)
{
    for (size_t i = 0; i < length / 8; i++)
        __atomic_store_n((pm_word *)shared + i, ((const pm_word *)copy)[i], __ATOMIC_RELAXED);
}

/* Between storing the tag that says "being written" and writing the record; pairs with copied(). */
static inline void opened(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

/* Between the plain copy of a record and the second look at its tag; pairs with opened() and
 * with the release store of the tag that ends the writing. */
static inline void copied(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }

#endif
