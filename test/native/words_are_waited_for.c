/* SPDX-License-Identifier: MIT */
/* Who waits for a word is woken by whoever changes it, in whichever process, and for no longer than it is told; also where the change was told nobody. */
#include "drive.h"

#include <pthread.h>
#include <sys/stat.h>

static peermap_segment *segment;
static uint32_t *word;

/* Another process: changes the word after a while, and says so, or not. */
static void change_in_child(uint32_t value, bool tells)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0)
        return;
    peermap_segment *own;
    if (peermap_attach(seg(), &(peermap_options){ .struct_size = sizeof(peermap_options), .peer_name = "child" }, &own) != 0)
        _exit(2);
    uint32_t *there = (uint32_t *)(void *)((char *)peermap_base(own) + 128);
    usleep(50000);
    __atomic_store_n(there, value, __ATOMIC_SEQ_CST);
    if (tells && peermap_notify(own, there, 100) < 1)
        _exit(3);
    peermap_detach(own);
    _exit(0);
}

static void reap_child(void)
{
    int status;
    CHECK(wait(&status) > 0 && status == 0);
}

static void a_change_ends_it(bool tells)
{
    const uint32_t before = *word;
    change_in_child(before + 1, tells);
    CHECK_INT(peermap_wait(segment, word, before, 60000), 0);
    CHECK_INT(__atomic_load_n(word, __ATOMIC_SEQ_CST), before + 1);
    reap_child();
}

static void it_gives_up(void)
{
    const struct stopwatch watch = stopwatch_of(getpid());
    CHECK_INT(peermap_wait(segment, word, *word, 80), 1);
    CHECK(elapsed_ms(&watch) >= 80 && fair_ms(&watch) < 1000);
    CHECK_INT(peermap_wait(segment, word, *word + 1, 60000), 0); /* it is another */
    CHECK_INT(peermap_notify(segment, word, 1), 0);
}

static void what_is_no_word(void)
{
    char *base = peermap_base(segment);
    uint32_t own = 0;
    CHECK_INT(peermap_wait(segment, &own, 0, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait(segment, (uint32_t *)(void *)(base + 2), 0, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait(segment, (uint32_t *)(void *)(base + peermap_size(segment)), 0, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait(segment, NULL, 0, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait(NULL, word, 0, 1), PEERMAP_EDETACHED);
    CHECK_INT(peermap_notify(segment, &own, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_notify(segment, word, 0), PEERMAP_EINVAL);
    CHECK_INT(peermap_notify(NULL, word, 1), PEERMAP_EDETACHED);
}

static void it_is_lost(void)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    struct stat facts;
    CHECK(stat(path, &facts) == 0 && truncate(path, facts.st_size - 65536) == 0);
    CHECK_INT(peermap_wait(segment, word, 0, 1), PEERMAP_ELOST);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it starts threads in a child of fork()");
    setup(argv);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    word = (uint32_t *)(void *)((char *)peermap_base(segment) + 128);
    a_change_ends_it(true);
    a_change_ends_it(false);
    it_gives_up();
    what_is_no_word();
    it_is_lost();
    peermap_detach(segment);
    return 0;
}
