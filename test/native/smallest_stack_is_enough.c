/* SPDX-License-Identifier: MIT */
/* A thread of the program with hardly more than the smallest stack that there is makes every call. */
#include "drive.h"

#include <pthread.h>
#include <sys/mman.h>

#define OF_THE_PROGRAM 2048

static pid_t killed;

static peermap_segment *make_and_join(peermap_segment **other)
{
    peermap_segment *segment;
    const peermap_options first = { .struct_size = sizeof first, .flags = PEERMAP_HEAP, .reserve_size = UINT64_C(1) << 28 };
    const peermap_options second = { .struct_size = sizeof second, .peer_name = "second", .flags = PEERMAP_RELOCATABLE };
    CHECK_INT(peermap_create(seg(), &first, &segment), 0);
    CHECK_INT(peermap_attach(seg(), &second, other), 0);
    return segment;
}

static void change_size(peermap_segment *segment)
{
    CHECK_INT(peermap_grow(segment, 1 << 20, NULL), 0);
    CHECK_INT(peermap_grow(segment, 100 << 20, NULL), 0);
    CHECK_INT(peermap_remap(segment, 0, NULL), 0);
    CHECK_INT(peermap_map_peer(segment, 0, NULL), 0);
    CHECK_INT(peermap_shrink(segment, 100 << 20, NULL), 0);
    CHECK_INT(peermap_grow(segment, UINT64_C(1) << 40, NULL), PEERMAP_ELIMIT);
}

static void use_heap(peermap_segment *segment)
{
    peermap_heap found;
    peermap_heap_peer row;
    char *object = peermap_calloc(segment, 100, 1000), bytes[16];
    CHECK(object != NULL);
    object = peermap_realloc(segment, object, 5000000);
    CHECK(object != NULL && peermap_object_size(segment, object) == 5000000);
    const size_t off = (size_t)(object - (char *)peermap_base(segment));
    CHECK_INT(peermap_write(segment, off, bytes, sizeof bytes), 0);
    CHECK_INT(peermap_read(segment, off, bytes, sizeof bytes), 0);
    peermap_free(segment, object);
    peermap_free(segment, object); /* which is told on the standard error output */
    CHECK_INT(peermap_heap_stats(segment, &found), 0);
    CHECK_INT(found.faults, 1);
    CHECK(peermap_heap_classes(segment, NULL, 0) > 0 && peermap_heap_peers(segment, &row, 1) > 0);
    CHECK_INT(peermap_trim(segment, NULL), 0);
}

static void use_roots(peermap_segment *segment)
{
    peermap_root_copy root;
    CHECK_INT(peermap_set_root(segment, "root", peermap_base(segment), 8, "type"), 0);
    CHECK_INT(peermap_wait_root(segment, "root", 0, 0, &root), 0);
    CHECK_INT(peermap_wait_root(segment, "root", root.version, 10, &root), 1);
    CHECK_INT(peermap_compare_exchange_root(segment, "root", &root.version, NULL, 0, NULL), 0);
}

static void see_a_death(peermap_segment *segment)
{
    peermap_peer rows[3];
    CHECK_INT(peermap_pid_of(segment, "killed"), killed);
    CHECK_INT(peermap_peers(segment, rows, 3), 3);
    CHECK(kill(killed, SIGKILL) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(rows[i].pid != killed || peermap_wait_ended(segment, &rows[i], 20000) == 1);
    CHECK_INT(peermap_reap(segment), 1);
}

static void *make_every_call(void *nothing)
{
    peermap_segment *other, *segment = make_and_join(&other);
    killed = ready_peer("killed", NULL)->pid;
    see_a_death(segment);
    change_size(segment);
    use_heap(segment);
    use_roots(segment);
    CHECK_INT(peermap_create(seg(), NULL, &(peermap_segment *){ NULL }), PEERMAP_EEXIST);
    CHECK_INT(peermap_attach("no-such-segment", NULL, &(peermap_segment *){ NULL }), PEERMAP_ENOENT);
    peermap_detach(other);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
    return nothing;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_ADDRESS_SANITIZER("which takes much more of a stack");
    NOT_WITH_THREAD_SANITIZER("which takes much more of a stack");
    setup(argv);
    pthread_attr_t attributes;
    pthread_t thread;
    const size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN) + OF_THE_PROGRAM;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, least) == 0 && pthread_attr_setguardsize(&attributes, 1 << 20) == 0);
    CHECK(pthread_create(&thread, &attributes, make_every_call, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
