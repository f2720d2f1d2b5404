// SPDX-License-Identifier: MIT
/*
 * A mutex in the segment keeps threads of several processes apart; whoever is killed with it leaves it to the next one, who is told from whom; and one that is
 * stopped with it is named at the deadline.
 */
#include "crowd.hpp"

#include <peermap_mutex.hpp>

#include <mutex>
#include <thread>

struct guarded {
    peermap::robust_mutex lock;
    peermap::robust_recursive_mutex again;
    std::uint64_t count = 0, twice = 0;
    std::atomic<std::uint32_t> held{ 0 };
};

static guarded *guarded_in(peermap::segment &segment) { return segment.find_or_construct<guarded>("guarded"); }

static void count(guarded *shared, int times)
{
    for (int i = 0; i < times; i++) {
        const std::lock_guard<peermap::robust_mutex> held(shared->lock);
        shared->count++;
        const std::lock_guard<peermap::robust_recursive_mutex> once(shared->again), twice(shared->again);
        shared->twice += 2;
        CHECK(shared->twice == 2 * shared->count);
    }
}

static void threads_of_processes(peermap::segment &segment)
{
    pid_t pids[3];
    for (int i = 0; i < 3; i++)
        pids[i] = start("counter-" + std::to_string(i), [](peermap::segment &there) {
            guarded *shared = guarded_in(there);
            std::thread other(count, shared, 5000);
            count(shared, 5000);
            other.join();
        });
    for (pid_t pid : pids)
        CHECK_INT(status_of(pid), 0);
    CHECK_INT(guarded_in(segment)->count, 30000);
}

static pid_t start_holder(peermap::segment &segment)
{
    guarded *shared = guarded_in(segment);
    shared->held = 0;
    pid_t pid = start("holder", [](peermap::segment &there) {
        guarded *mine = guarded_in(there);
        mine->lock.lock();
        mine->again.lock();
        mine->held = 1;
        pause();
    });
    while (shared->held == 0)
        usleep(1000);
    return pid;
}

static void busy(const std::function<void()> &lock, pid_t pid)
{
    try {
        lock();
    } catch (const peermap::error &error) {
        CHECK(error.code() == PEERMAP_EBUSY);
        CHECK(std::string(error.what()).find("held by holder (pid " + std::to_string(pid) + ")") != std::string::npos);
        return;
    }
    FAIL("it was given to two");
}

template <class Lock> static bool tells_of_a_death(Lock &&lock, pid_t pid)
{
    try {
        lock();
    } catch (const peermap::error &error) {
        return error.code() == std::errc::owner_dead && std::string(error.what()).find("holder (pid " + std::to_string(pid) + ") died") != std::string::npos;
    }
    return false;
}

/* Everybody is told, until a repair has come to its end. */
static void what_died_with_it_is_repaired(peermap::segment &segment, std::uint64_t id, pid_t pid)
{
    guarded *shared = guarded_in(segment);
    for (int turn = 0; turn < 2; turn++) {
        CHECK(tells_of_a_death([&] { const std::unique_lock<peermap::robust_mutex> held(shared->lock); }, pid));
        CHECK(tells_of_a_death([&] { (void)shared->lock.try_lock(); }, pid));
    }
    std::error_code ec;
    shared->lock.lock(ec);
    CHECK(ec == std::errc::owner_dead);
    bool thrown = false;
    try {
        const peermap::robust_lock held(shared->lock, [&](std::uint64_t dead) { CHECK_INT(dead, id); throw 5; });
    } catch (int) {
        thrown = true;
    }
    CHECK(thrown && !shared->lock.try_lock(ec) && ec == std::errc::owner_dead);
    const pid_t next = start("repairer", [](peermap::segment &there) {
        guarded_in(there)->lock.lock([](std::uint64_t) { raise(SIGKILL); });
    });
    CHECK(WIFSIGNALED(status_of(next)));
    int repairs = 0;
    for (int turn = 0; turn < 2; turn++) {
        const peermap::robust_lock held(shared->lock, [&](std::uint64_t dead) {
            CHECK(dead != 0 && dead != id); /* who died of the repair */
            repairs++;
        });
    }
    CHECK_INT(repairs, 1);
    shared->lock.lock(ec);
    CHECK(!ec);
    shared->lock.unlock();
}

static void a_death(peermap::segment &segment, bool stopped)
{
    guarded *shared = guarded_in(segment);
    const pid_t pid = start_holder(segment);
    std::uint64_t id = 0;
    for (const peermap_peer &peer : segment.peers())
        if (std::string(peer.name) == "holder")
            id = peer.id;
    if (stopped)
        kill(pid, SIGSTOP);
    CHECK(!shared->lock.try_lock() && !shared->again.try_lock());
    busy([&] { shared->lock.lock(); }, pid);
    busy([&] { shared->again.lock(); }, pid);
    std::thread killer([pid] { usleep(50000), kill(pid, SIGKILL); });
    if (stopped) {
        CHECK(id != 0 && shared->lock.lock_from() == id);
        shared->lock.unlock();
        CHECK_INT(shared->lock.lock_from(), 0);
        shared->lock.unlock();
    } else {
        what_died_with_it_is_repaired(segment, id, pid);
    }
    killer.join();
    status_of(pid);
    for (int turn = 0; turn < 2; turn++) {
        bool told = false;
        try {
            shared->again.lock();
        } catch (const peermap::error &error) {
            told = error.code() == std::errc::owner_dead && std::string(error.what()).find("holder (pid ") != std::string::npos;
        }
        CHECK(told);
    }
    {
        const peermap::robust_recursive_mutex::acceptance taken;
        shared->again.lock();
    }
    shared->again.lock();
    shared->again.unlock();
    shared->again.unlock();
    CHECK(shared->again.try_lock());
    shared->again.unlock();
}

static void what_is_no_use(peermap::segment &segment)
{
    guarded *shared = guarded_in(segment);
    const std::lock_guard<peermap::robust_mutex> held(shared->lock);
    bool told = false;
    try {
        shared->lock.lock();
    } catch (const std::system_error &error) {
        told = error.code() == std::errc::resource_deadlock_would_occur;
    }
    CHECK(told);
    told = false;
    try {
        peermap::robust_mutex elsewhere;
        elsewhere.lock();
    } catch (const peermap::error &error) {
        told = error.code() == PEERMAP_EDETACHED;
    }
    CHECK(told);
}

/* The next thread gets its place, and so its address of what each thread has for itself. */
static void a_thread_that_ends_with_it_has_it_still(peermap::segment &segment)
{
    guarded *own = segment.find_or_construct<guarded>("kept");
    std::thread([own] {
        own->lock.lock();
        own->again.lock();
    }).join();
    const std::string name = "held by second (pid " + std::to_string(getpid()) + ")";
    for (int i = 0; i < 20; i++) {
        std::thread([own, &name] {
            CHECK(!own->again.try_lock());
            try {
                own->lock.lock();
            } catch (const peermap::error &error) {
                CHECK(error.code() == PEERMAP_EBUSY);
                CHECK(std::string(error.what()).find(name) != std::string::npos);
                return;
            }
            CHECK(false);
        }).join();
    }
}

int main()
{
    set_up();
    peermap::options options = with_heap("first");
    options.deadline = std::chrono::milliseconds(5000);
    {
        peermap::segment segment = peermap::segment::create(segment_name(), options);
        guarded_in(segment);
        threads_of_processes(segment);
        what_is_no_use(segment);
    }
    {
        peermap::options second = named("second");
        second.deadline = std::chrono::milliseconds(20);
        peermap::segment there = peermap::segment::attach(segment_name(), second);
        a_thread_that_ends_with_it_has_it_still(there);
    }
    options.deadline = std::chrono::milliseconds(300);
    peermap::segment segment = peermap::segment::attach(segment_name(), options);
    a_death(segment, false);
    a_death(segment, true);
    return 0;
}
