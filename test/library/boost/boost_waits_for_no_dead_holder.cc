// SPDX-License-Identifier: MIT
/*
 * A process is killed, or stopped, in the constructor of an object with a name of Boost's, or anywhere while it allocates and frees.  Nobody waits for it
 * longer than the deadline; who is told of a half-done thing is told by whom, and can go on with what there is.
 */
#include "../crowd.hpp"

#include <peermap_boost.hpp>

#include <boost/interprocess/containers/vector.hpp>
#include <chrono>

namespace bi = boost::interprocess;

using numbers = bi::vector<int, bi::allocator<int, peermap::managed_segment::segment_manager>>;

struct endless {
    explicit endless(int pipe)
    {
        if (pipe >= 0 && write(pipe, "x", 1) == 1)
            pause();
    }
};

static peermap::options patient(const std::string &peer, int deadline_ms = 400)
{
    peermap::options options = named(peer);
    options.deadline = std::chrono::milliseconds(deadline_ms);
    return options;
}

/* A process that does that with the segment, and has written a byte into the pipe by the time this returns. */
static pid_t start_holder(const std::string &peer, const std::function<void(peermap::managed_segment &, int)> &work)
{
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peermap::managed_segment memory(bi::open_only, segment_name(), patient(peer, 60000));
        work(memory, ends[1]);
        _exit(0);
    }
    CHECK(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

/* The sentence of what it throws, within a time that is not the watchdog's. */
template <class Code> static std::string refused(const std::function<void()> &work, const Code &expected)
{
    const auto begun = std::chrono::steady_clock::now();
    try {
        work();
    } catch (const peermap::error &error) {
        if (error.code() != expected)
            FAIL("%s", error.what());
        CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
        return error.what();
    }
    FAIL("nothing was thrown");
}

static void a_stopped_constructor(peermap::managed_segment &memory)
{
    const pid_t pid = start_holder("dawdler", [](peermap::managed_segment &there, int pipe) { there.find_or_construct<endless>("slow")(pipe); });
    kill(pid, SIGSTOP);
    const std::string said = refused([&] { memory.find_or_construct<endless>("other")(-1); }, PEERMAP_EBUSY);
    CHECK(said.find("dawdler (pid " + std::to_string(pid) + ")") != std::string::npos);
    void *free = memory.allocate(100); /* that is under the other mutex */
    memory.deallocate(free);
    kill(pid, SIGKILL);
    status_of(pid);
}

static void a_killed_constructor(peermap::managed_segment &memory)
{
    for (int turn = 0; turn < 2; turn++) {
        std::string said = refused([&] { memory.find_or_construct<endless>("other")(-1); }, std::errc::owner_dead);
        CHECK(said.find("dawdler (pid ") != std::string::npos && said.find("recover()") != std::string::npos);
    }
    CHECK(memory.recover());
    CHECK(memory.find_or_construct<endless>("other")(-1) != nullptr && memory.destroy<endless>("other"));
}

/* Allocates and frees for ever. */
static void churn(peermap::managed_segment &memory, int pipe)
{
    CHECK(write(pipe, "x", 1) == 1);
    for (std::size_t i = 1;; i++) {
        peermap::managed_segment::multiallocation_chain chain;
        memory.allocate_many(40 + i % 100, 20000, chain);
        memory.deallocate_many(chain);
    }
}

static void kills_while_memory_is_divided(peermap::managed_segment &memory)
{
    int broken = 0, whole = 0;
    for (int turn = 0; turn < 200 && (turn < 12 || broken == 0); turn++) {
        const pid_t pid = start_holder("churner", churn);
        usleep(static_cast<unsigned>(turn % 16) * 700u + 300u);
        kill(pid, SIGKILL);
        status_of(pid);
        const auto begun = std::chrono::steady_clock::now();
        try {
            memory.deallocate(memory.allocate(1000));
            whole++;
        } catch (const peermap::error &error) {
            CHECK(error.code() == std::errc::owner_dead);
            CHECK(std::string(error.what()).find("churner (pid " + std::to_string(pid) + ") died while it divided") != std::string::npos);
            memory.deallocate(reinterpret_cast<char *>(memory.get_address()) + 4096); /* lost, not thrown, and not done */
            broken++;
            std::error_code ec;
            CHECK(peermap_reap(memory.get_segment().native_handle()) >= 0);
            return; /* what Boost has half done is not for a test to go on with */
        }
        CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
    }
    FAIL("of %d kills none was in the middle", whole);
}

static void a_killed_founder()
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) { /* the claim on the memory manager, and nothing more */
        peermap::options plain = patient("founder");
        peermap::segment there = peermap::segment::create(segment_name() + "-2", plain);
        peermap::detail::right one(there, "boost.segment_manager", false);
        peermap_root_copy none;
        std::memset(&none, 0, sizeof none);
        CHECK_INT(one.take(none, there.base(), 100), 0);
        raise(SIGKILL);
    }
    status_of(pid);
    peermap::managed_segment memory(bi::open_or_create, segment_name() + "-2", 65536, patient("next"));
    CHECK(memory.find_or_construct<numbers>("numbers")(memory.get_segment_manager()) != nullptr);
    peermap::managed_segment::remove(segment_name() + "-2");
}

int main()
{
    set_up();
    peermap::managed_segment memory(bi::create_only, segment_name(), 65536, patient("first"));
    a_stopped_constructor(memory);
    a_killed_constructor(memory);
    a_killed_founder();
    kills_while_memory_is_divided(memory);
    return 0;
}
