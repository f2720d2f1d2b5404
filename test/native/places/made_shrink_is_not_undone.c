/* SPDX-License-Identifier: MIT */
/*
 * A shrink whose memory has gone is not undone, also where the object is long again by then: by who was about to grow inside what is mapped ahead when the shrink began, and
 * allocated past it later.
 */
#include "places.h"

#define BEFORE 1048576u
#define AFTER (BEFORE / 2)

static int begins[2];
static pid_t victim;

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

static void shrink_and_die(const char *place)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .deadline_ms = 20000 };
    peermap_segment *segment;
    char byte;
    CHECK(read(begins[0], &byte, 1) == 1);
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    at_place(place, die);
    either_way(peermap_shrink(segment, BEFORE - AFTER, NULL));
    FAIL("came past %s", place);
}

static void victim_shrinks(void)
{
    CHECK(write(begins[1], "", 1) == 1);
    CHECK_INT(waitpid(victim, NULL, 0), victim);
}

static void dies_at(const char *place)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = BEFORE, .ahead = 4 * BEFORE, .deadline_ms = 5000 };
    peermap_segment *segment;
    CHECK(pipe(begins) == 0);
    victim = fork();
    CHECK(victim >= 0);
    if (victim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        shrink_and_die(place);
    }
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    unsigned char *base = peermap_base(segment);
    memset(base, 7, BEFORE);
    at_place("inside.allocate", victim_shrinks);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    CHECK(place_was_reached());
    const size_t size = peermap_size(segment);
    CHECK(size == AFTER + 4096 || size == BEFORE + 4096);
    for (size_t i = 0; i < size - 4096; i++)
        if (base[i] != 7)
            FAIL("%s: of %zu bytes, byte %zu is %d", place, size, i, base[i]);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    dies_at("cut.begun");
    dies_at("cut.cut");
    dies_at("shrink.cut");
    return 0;
}
