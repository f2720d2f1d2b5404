/* SPDX-License-Identifier: MIT */
/* All live objects of a heap are met once, with their size, who allocated them and when; also those of a process that was killed and told nobody. */
#include "drive.h"
#include "layout.h"

#include <time.h>

#define MANY 2000

static peermap_segment *heap;

static size_t size_for(int i) { return i % 50 == 0 ? 100000 + (size_t)i : i % 10 == 0 ? 9000 + (size_t)i : (size_t)(i % 700); }

static const peermap_options *as(const char *name)
{
    static peermap_options options;
    options = (peermap_options){ .struct_size = sizeof options, .peer_name = name, .flags = PEERMAP_HEAP };
    return &options;
}

static int count_all(void)
{
    uint64_t cursor = 0;
    peermap_object object;
    int count = 0;
    while (peermap_next_object(heap, &cursor, &object) == 1)
        count++;
    return count;
}

static void all_are_met_once(void)
{
    void *objects[MANY];
    for (int i = 0; i < MANY; i++)
        CHECK((objects[i] = peermap_alloc(heap, size_for(i))) != NULL);
    for (int i = 0; i < MANY; i += 3) {
        peermap_free(heap, objects[i]);
        objects[i] = NULL;
    }
    uint64_t cursor = 0, before = 0;
    peermap_object object;
    int met = 0, rc;
    while ((rc = peermap_next_object(heap, &cursor, &object)) == 1) {
        int i = 0;
        while (i < MANY && objects[i] != object.pointer)
            i++;
        CHECK(i < MANY);
        CHECK_INT(object.size, size_for(i));
        CHECK(object.offset == (uint64_t)((char *)object.pointer - (char *)peermap_base(heap)) && object.offset > before);
        CHECK(object.owner == peermap_id(heap) && object.pid == getpid() && object.state == PEERMAP_ALIVE && strcmp(object.name, "this") == 0);
        const uint64_t now = (uint64_t)time(NULL) * 1000000000u;
        CHECK(object.allocated_ns + 10000000000u > now && object.allocated_ns < now + 10000000000u);
        before = object.offset;
        met++;
    }
    CHECK_INT(rc, 0);
    CHECK_INT(met, MANY - (MANY + 2) / 3);
    for (int i = 0; i < MANY; i++)
        peermap_free(heap, objects[i]);
    CHECK_INT(count_all(), 0);
}

/* Allocates, and is killed or leaves. */
static void allocate_in_child(bool leaves)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        peermap_segment *own;
        if (peermap_attach(seg(), as("child"), &own) != 0 || !peermap_alloc(own, 123) || !peermap_alloc(own, 40000))
            _exit(1);
        if (leaves)
            peermap_detach(own);
        else
            raise(SIGKILL);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && (leaves ? status == 0 : WIFSIGNALED(status)));
}

static void of_whom(int state, bool known)
{
    uint64_t cursor = 0;
    peermap_object object;
    int count = 0;
    while (peermap_next_object(heap, &cursor, &object) == 1) {
        CHECK(object.size == 123 || object.size == 40000);
        CHECK_INT(object.state, state);
        CHECK((object.owner != 0) == known && (strcmp(object.name, "child") == 0) == known && object.allocated_ns != 0);
        peermap_free(heap, object.pointer);
        count++;
    }
    CHECK_INT(count, 2);
}

static void the_dead_have_left_some(void)
{
    allocate_in_child(false);
    of_whom(PEERMAP_DEAD, true);
    allocate_in_child(false);
    CHECK_INT(peermap_reap(heap), 1);
    of_whom(PEERMAP_UNKNOWN, false);
    allocate_in_child(true);
    of_whom(PEERMAP_UNKNOWN, false);
}

static void one_that_was_written_past_its_end(void)
{
    peermap_object object;
    uint64_t cursor = 0;
    char *broken = peermap_alloc(heap, 888);
    memset(broken, 1, 889);
    CHECK_INT(peermap_object_size(heap, broken), 888);
    CHECK_INT(peermap_next_object(heap, &cursor, &object), 1);
    CHECK(object.pointer == broken && object.size == 888 && object.owner == 0 && object.state == PEERMAP_UNKNOWN && object.allocated_ns == 0);
    CHECK_INT(peermap_next_object(heap, &cursor, &object), 0);
}

/* Whose memory goes while it is looked through. */
static void beside_a_trim(void)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        peermap_segment *own;
        if (peermap_attach(seg(), as("child"), &own) != 0)
            _exit(1);
        for (int i = 0; i < 300; i++) {
            void *objects[20];
            for (int k = 0; k < 20; k++)
                if (!(objects[k] = peermap_alloc(own, k % 2 ? 300000 : 3000)))
                    _exit(2);
            for (int k = 0; k < 20; k++)
                peermap_free(own, objects[k]);
            if (peermap_trim(own, NULL) != 0 && peermap_trim(own, NULL) == PEERMAP_ELOST)
                _exit(3);
        }
        _exit(0);
    }
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        uint64_t cursor = 0;
        peermap_object object;
        int found;
        while ((found = peermap_next_object(heap, &cursor, &object)) == 1) {}
        CHECK_INT(found, 0);
    }
    CHECK_INT(status, 0);
    CHECK(peermap_reap(heap) >= 0);
}

/* By numbers of which objects have 16 bits: the next that has those of this peer is passed over, and an older object of theirs is not its. */
static void numbers_come_round(void)
{
    struct pm_header *header = (struct pm_header *)(void *)((char *)peermap_base(heap) - header_word(offsetof(struct pm_header, header_len)));
    const struct pm_slot *slot = (const struct pm_slot *)(const void *)((char *)header + header->slots_off);
    header->heap.attachments = (slot->attachment | UINT64_C(0x10000)) - 1;
    allocate_in_child(false);
    of_whom(PEERMAP_DEAD, true);
    CHECK_INT(header->heap.attachments, (slot->attachment | UINT64_C(0x10000)) + 1);
}

static void what_is_refused(void)
{
    uint64_t cursor = 0;
    peermap_object object;
    CHECK_INT(peermap_next_object(heap, NULL, &object), PEERMAP_EINVAL);
    CHECK_INT(peermap_next_object(heap, &cursor, NULL), PEERMAP_EINVAL);
    CHECK_INT(peermap_next_object(NULL, &cursor, &object), PEERMAP_EDETACHED);
    cursor = UINT64_MAX;
    CHECK_INT(peermap_next_object(heap, &cursor, &object), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it starts threads in a child of fork()");
    setup(argv);
    CHECK_INT(peermap_create(seg(), as("this"), &heap), 0);
    all_are_met_once();
    the_dead_have_left_some();
    numbers_come_round();
    beside_a_trim();
    what_is_refused();
    one_that_was_written_past_its_end();
    peermap_detach(heap);
    return 0;
}
