// SPDX-License-Identifier: MIT
/*
 * Of any number of processes that want an object at once one makes it and all get that one; it goes on if the maker dies or its constructor
 * throws; and nothing of what was begun is left in the heap.
 */
#include "crowd.hpp"

#include <atomic>
#include <thread>

struct tally {
    std::atomic<std::uint32_t> begun, done, wanted_deaths;
};

static tally *tally_in(const peermap::segment &segment) { return static_cast<tally *>(peermap_root(segment.native_handle(), "tally", nullptr)); }

struct slow {
    explicit slow(tally *of, int id) : number(id)
    {
        of->begun++;
        usleep(20000);
        of->done++;
    }
    int number;
};

struct deadly {
    explicit deadly(tally *of)
    {
        of->begun++;
        if (of->wanted_deaths != 0) {
            of->wanted_deaths--;
            kill(getpid(), SIGKILL);
        }
    }
};

struct unwilling {
    explicit unwilling(bool throws)
    {
        if (throws)
            throw std::runtime_error("not now");
    }
    char bytes[100];
};

static void one_of_many_makes_it(peermap::segment &segment)
{
    tally *counts = tally_in(segment);
    pid_t pids[12];
    for (int i = 0; i < 12; i++)
        pids[i] = start("maker-" + std::to_string(i), [i](peermap::segment &there) {
            slow *made = there.find_or_construct<slow>("slow", tally_in(there), i);
            CHECK(made == there.find<slow>("slow"));
            CHECK(tally_in(there)->done == 1);
        });
    for (pid_t pid : pids)
        CHECK_INT(status_of(pid), 0);
    CHECK_INT(counts->begun, 1);
    CHECK(segment.destroy<slow>("slow"));
    counts->begun = counts->done = 0;
}

static void the_next_goes_on_after_a_death(peermap::segment &segment)
{
    tally *counts = tally_in(segment);
    counts->wanted_deaths = 3;
    pid_t pids[6];
    for (int i = 0; i < 6; i++)
        pids[i] = start("maker-" + std::to_string(i), [](peermap::segment &there) {
            CHECK(there.find_or_construct<deadly>("deadly", tally_in(there)) == there.find<deadly>("deadly"));
        });
    int killed = 0;
    for (pid_t pid : pids) {
        int status = status_of(pid);
        CHECK(status == 0 || WIFSIGNALED(status));
        killed += WIFSIGNALED(status) ? 1 : 0;
    }
    CHECK_INT(killed, 3);
    CHECK_INT(counts->begun, 4);
    CHECK(segment.destroy<deadly>("deadly"));
}

static void a_death_before_anybody_waits(peermap::segment &segment)
{
    tally_in(segment)->wanted_deaths = 1;
    CHECK(WIFSIGNALED(status_of(start("maker", [](peermap::segment &there) { there.find_or_construct<deadly>("deadly", tally_in(there)); }))));
    CHECK(segment.find<deadly>("deadly") == nullptr);
    CHECK(!segment.destroy<deadly>("deadly"));
    CHECK(segment.find_or_construct<deadly>("deadly", tally_in(segment)) != nullptr);
    CHECK(segment.destroy<deadly>("deadly"));
}

static void a_constructor_that_throws_leaves_nothing(peermap::segment &segment)
{
    bool thrown = false;
    try {
        segment.find_or_construct<unwilling>("unwilling", true);
    } catch (const std::runtime_error &) {
        thrown = true;
    }
    CHECK(thrown && peermap_root(segment.native_handle(), "unwilling", nullptr) == nullptr);
    CHECK(segment.find_or_construct<unwilling>("unwilling", false) != nullptr);
    CHECK(segment.destroy<unwilling>("unwilling"));
}

static void threads_of_one_process(peermap::segment &segment)
{
    tally *counts = tally_in(segment);
    counts->begun = counts->done = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] { CHECK(segment.find_or_construct<slow>("slow", counts, i) != nullptr && counts->done == 1); });
    for (auto &thread : threads)
        thread.join();
    CHECK(segment.destroy<slow>("slow"));
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    void *counts = segment.allocate(sizeof(tally));
    std::memset(counts, 0, sizeof(tally));
    CHECK_INT(peermap_set_root(segment.native_handle(), "tally", counts, sizeof(tally), "tally"), 0);
    const std::uint64_t before = used(segment);
    one_of_many_makes_it(segment);
    the_next_goes_on_after_a_death(segment);
    a_death_before_anybody_waits(segment);
    a_constructor_that_throws_leaves_nothing(segment);
    threads_of_one_process(segment);
    peermap_reap(segment.native_handle());
    CHECK_INT(used(segment), before);
    return 0;
}
