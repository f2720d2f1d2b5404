// SPDX-License-Identifier: MIT
/*
 * An object that is being made is waited for, and for no longer than the deadline: a maker that is stopped is named, one that is killed is
 * replaced at once, and nothing of what it had begun is left.  A root is waited for, too, and so is the end of a peer.
 */
#include "crowd.hpp"

#include <atomic>
#include <chrono>
#include <thread>

using namespace std::chrono_literals;

struct shared {
    std::atomic<int> begun, go_on;
};

static shared *shared_in(const peermap::segment &segment) { return static_cast<shared *>(peermap_root(segment.native_handle(), "shared", nullptr)); }

/* Its constructor lasts until it is told to go on. */
struct slow {
    explicit slow(shared *with, int by) : number(by)
    {
        with->begun++;
        while (with->go_on == 0)
            usleep(1000);
    }
    int number;
    char room[5000];
};

static peermap::options patient(const std::string &peer, std::chrono::milliseconds deadline)
{
    peermap::options options = with_heap(peer);
    options.deadline = deadline;
    return options;
}

static pid_t start_maker(peermap::segment &segment, const std::string &peer)
{
    shared *with = shared_in(segment);
    with->begun = with->go_on = 0;
    pid_t pid = start(peer, [](peermap::segment &there) { there.find_or_construct<slow>("slow", shared_in(there), 1); });
    while (with->begun == 0)
        usleep(1000);
    return pid;
}

static long ms_of(const std::function<void()> &work)
{
    const auto begun = std::chrono::steady_clock::now();
    work();
    return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count());
}

static void a_stopped_maker_is_named(peermap::segment &segment)
{
    const pid_t maker = start_maker(segment, "dawdler");
    kill(maker, SIGSTOP);
    std::string said;
    std::error_code code;
    const long took = ms_of([&] {
        try {
            segment.find_or_construct<slow>("slow", shared_in(segment), 2);
        } catch (const peermap::error &error) {
            said = error.what(), code = error.code();
        }
    });
    CHECK(code == PEERMAP_EBUSY);
    CHECK(said.find("root \"slow\" is being made or destroyed by dawdler (pid " + std::to_string(maker) + ")") != std::string::npos);
    if (took < 350 || took > 8000)
        FAIL("it took %ld ms, not 400", took);
    CHECK(segment.find<slow>("slow") == nullptr && !segment.wait_for<slow>("slow", 50ms, code) && !code);
    std::error_code again;
    CHECK(segment.find_or_construct<slow>("slow", again, shared_in(segment), 2) == nullptr && again == PEERMAP_EBUSY);
    shared_in(segment)->go_on = 1;
    std::thread later([maker] { usleep(100000), kill(maker, SIGCONT); });
    slow *made = segment.wait_for<slow>("slow", 60s);
    CHECK(made && made->number == 1);
    CHECK(segment.find_or_construct<slow>("slow", shared_in(segment), 2) == made);
    later.join();
    CHECK_INT(status_of(maker), 0);
    CHECK(segment.destroy<slow>("slow"));
}

static void a_killed_maker_is_replaced(peermap::segment &segment, bool stopped, const std::uint64_t before)
{
    const pid_t maker = start_maker(segment, "victim");
    if (stopped)
        kill(maker, SIGSTOP);
    shared_in(segment)->go_on = 1;
    if (!stopped)
        shared_in(segment)->go_on = 0;
    std::thread killer([maker] { usleep(100000), kill(maker, SIGKILL); });
    shared *with = shared_in(segment);
    std::thread helper([with] {
        while (with->begun < 2)
            usleep(1000);
        with->go_on = 1;
    });
    const slow *made = segment.find_or_construct<slow>("slow", with, 2);
    CHECK(made && made->number == 2);
    killer.join();
    helper.join();
    CHECK(WIFSIGNALED(status_of(maker)));
    CHECK(segment.destroy<slow>("slow"));
    peermap_reap(segment.native_handle());
    CHECK_INT(used(segment), before);
}

static void a_root_and_an_end_are_waited_for(peermap::segment &segment)
{
    CHECK(!segment.wait_root("later", 0, 50ms));
    const pid_t pid = start("setter", [](peermap::segment &there) {
        usleep(100000);
        if (peermap_set_root(there.native_handle(), "later", there.base(), 16, "bytes") != 0)
            _exit(3);
        pause();
    });
    const auto root = segment.wait_root("later", 0, 60s);
    CHECK(root && root->size == 16 && root->pointer == segment.base());
    std::error_code ec;
    CHECK(!segment.wait_root("later", root->version, 50ms, ec) && !ec);
    CHECK(!segment.wait_root("no name", 0, 50ms, ec) && ec == PEERMAP_ENAME);
    for (const peermap_peer &peer : segment.peers()) {
        const bool is_it = std::string(peer.name) == "setter";
        CHECK(!segment.peer_ended(peer) && !segment.wait_ended(peer, 20ms));
        if (is_it) {
            kill(pid, SIGKILL);
            CHECK(segment.wait_ended(peer, 60s) && segment.peer_ended(peer));
            status_of(pid);
        }
    }
    CHECK_INT(peermap_set_root(segment.native_handle(), "later", nullptr, 0, nullptr), 0);
}

static void a_forked_child_is_told(peermap::segment &segment)
{
    shared *with = shared_in(segment);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        std::error_code ec;
        CHECK(!segment.wait_root("shared", 0, 60s, ec) && ec == PEERMAP_EDETACHED);
        CHECK(!segment.wait_for<slow>("slow", 60s, ec) && ec == PEERMAP_EDETACHED);
        CHECK(!segment.find_or_construct<slow>("slow", ec, with, 1) && ec == PEERMAP_EDETACHED);
        _exit(0);
    }
    CHECK_INT(status_of(pid), 0);
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), patient("first", 400ms));
    void *with = segment.allocate(sizeof(shared));
    std::memset(with, 0, sizeof(shared));
    CHECK_INT(peermap_set_root(segment.native_handle(), "shared", with, sizeof(shared), "shared"), 0);
    const std::uint64_t before = used(segment);
    a_stopped_maker_is_named(segment);
    a_killed_maker_is_replaced(segment, false, before);
    a_killed_maker_is_replaced(segment, true, before);
    a_root_and_an_end_are_waited_for(segment);
    a_forked_child_is_told(segment);
    return 0;
}
