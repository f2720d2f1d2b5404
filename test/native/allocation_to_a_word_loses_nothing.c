/* SPDX-License-Identifier: MIT */
/* An object that is allocated into a word of the segment is in it or does not exist, wherever in the call the process is killed. */
#include "drive.h"

#define WORDS 64

static peermap_segment *heap;
static uint64_t *words; /* an object of the heap: WORDS of them */

static const peermap_options *as(const char *name)
{
    static peermap_options options;
    options = (peermap_options){ .struct_size = sizeof options, .peer_name = name, .flags = PEERMAP_HEAP };
    return &options;
}

static void it_is_there(void)
{
    void *object = peermap_alloc_to(heap, (void **)(void *)&words[0], 1000);
    CHECK(object != NULL && words[0] == (uintptr_t)object);
    for (int i = 0; i < 1000; i++)
        CHECK(((char *)object)[i] == 0);
    memset(object, 1, 1000);
    CHECK(peermap_alloc_to(heap, (void **)(void *)&words[0], 1000) == NULL && errno == EEXIST);
    CHECK(words[0] == (uintptr_t)object && peermap_object_size(heap, object) == 1000);
    peermap_free(heap, object);
    words[0] = 0;
    const uint64_t off = peermap_alloc_offset_to(heap, &words[1], 50000);
    CHECK(off != 0 && words[1] == off);
    CHECK_INT(peermap_object_size(heap, (char *)peermap_base(heap) + off), 50000);
    CHECK(peermap_alloc_offset_to(heap, &words[1], 8) == 0 && errno == EEXIST);
    peermap_free(heap, (char *)peermap_base(heap) + off);
    words[1] = 0;
}

static void what_is_no_word(void)
{
    uint64_t own = 0;
    CHECK(peermap_alloc_offset_to(heap, &own, 8) == 0 && errno == EINVAL);
    CHECK(peermap_alloc_offset_to(heap, (uint64_t *)(void *)((char *)words + 4), 8) == 0 && errno == EINVAL);
    CHECK(peermap_alloc_to(heap, NULL, 8) == NULL && errno == EINVAL);
    CHECK(peermap_alloc_to(heap, (void **)(void *)&words[2], SIZE_MAX) == NULL && errno == ENOMEM && words[2] == 0);
    CHECK(peermap_alloc_to(NULL, (void **)(void *)&words[2], 8) == NULL && errno == EBADF);
}

static void fill_and_empty(peermap_segment *own, unsigned *seed)
{
    uint64_t *there = peermap_root(own, "words", NULL);
    char *base = peermap_base(own);
    for (;;) {
        uint64_t *word = &there[rand_r(seed) % WORDS], off = *word;
        if (off == 0) {
            if (peermap_alloc_offset_to(own, word, (size_t)(rand_r(seed) % 20 == 0 ? 20000 : rand_r(seed) % 500)) == 0)
                _exit(1);
        } else { /* the other way round a death in between would leave a word that leads nowhere */
            *(volatile uint64_t *)word = 0;
            peermap_free(own, base + off);
        }
    }
}

/* Live objects that no word leads to: of each kill the one at most that was just taken out of its word. */
static void a_kill_leaves_each_in_its_word(void)
{
    enum { KILLS = 40 };
    for (int i = 0; i < KILLS; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            unsigned seed = (unsigned)i;
            peermap_segment *own;
            if (peermap_attach(seg(), as("child"), &own) != 0)
                _exit(2);
            fill_and_empty(own, &seed);
        }
        usleep(3000 + 137 * (useconds_t)i);
        CHECK(kill(child, SIGKILL) == 0);
        int status;
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        CHECK(peermap_reap(heap) >= 0);
    }
    uint64_t cursor = 0;
    peermap_object object;
    int live = 0, in_words = 0;
    while (peermap_next_object(heap, &cursor, &object) == 1)
        live++;
    for (int i = 0; i < WORDS; i++) {
        if (words[i] == 0)
            continue;
        CHECK(peermap_object_size(heap, (char *)peermap_base(heap) + words[i]) > 0 || true);
        in_words++;
        cursor = words[i];
        CHECK(peermap_next_object(heap, &cursor, &object) == 1 && object.offset == words[i]);
    }
    CHECK(live - 1 - in_words >= 0 && live - 1 - in_words <= KILLS);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it starts threads in a child of fork()");
    setup(argv);
    CHECK_INT(peermap_create(seg(), as("this"), &heap), 0);
    words = peermap_calloc(heap, WORDS, sizeof *words);
    CHECK(words != NULL);
    CHECK_INT(peermap_set_root(heap, "words", words, WORDS * sizeof *words, "uint64_t[64]"), 0);
    it_is_there();
    what_is_no_word();
    a_kill_leaves_each_in_its_word();
    peermap_detach(heap);
    return 0;
}
