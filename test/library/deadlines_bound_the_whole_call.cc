// SPDX-License-Identifier: MIT
/*
 * A call ends by its deadline, however many steps it has, and whatever interrupts or wakes it meanwhile: the time is the kernel's.  What is no duration is refused, and
 * what is too long is as long as can be.
 */
#include "crowd.hpp"

#include <peermap_mutex.hpp>

#include <algorithm>
#include <filesystem>
#include <sys/syscall.h>
#include <sys/time.h>
#include <thread>

using namespace std::chrono_literals;

struct guarded {
    peermap::robust_mutex lock;
    std::atomic<std::uint32_t> held{ 0 };
};

/* As of a preloaded library that gives a program another time: it stands still. */
extern "C" int clock_gettime(clockid_t, struct timespec *time) noexcept
{
    *time = { 978307200, 0 };
    return 0;
}

/* By the kernel's word in a file, which no function stands for. */
static long ms_of(const std::function<void()> &work)
{
    const auto uptime = [] {
        double seconds = 0;
        FILE *file = std::fopen("/proc/uptime", "r");
        CHECK(file && std::fscanf(file, "%lf", &seconds) == 1 && std::fclose(file) == 0);
        return seconds;
    };
    const double begun = uptime();
    work();
    return static_cast<long>((uptime() - begun) * 1000);
}

/* How long the threads that this process has now could have run and had no core. */
static long lacked_ms()
{
    long long sum = 0;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        long long waited = 0;
        FILE *file = std::fopen((task.path() / "schedstat").c_str(), "r");
        if (file && std::fscanf(file, "%*u %lld", &waited) == 1)
            sum += waited;
        if (file)
            std::fclose(file);
    }
    return static_cast<long>(sum / 1000000);
}

/* Half as much again is what a busy machine takes, or `most`, and what there was no core for. */
static void takes(const char *what, long expected, const std::function<void()> &work, long most = 0)
{
    const long before = lacked_ms(), took = ms_of(work), lacked = std::max(lacked_ms() - before, 0L);
    if (took < expected - 20 || took - lacked > (most ? most : expected + expected / 2))
        FAIL("%s: it took %ld ms, %ld of them without a core, not %ld", what, took, lacked, expected);
}

static void hold_up(int)
{
    const int before = errno;
    usleep(300000);
    errno = before;
}

static void strike(void (*handler)(int), int period_us)
{
    struct sigaction action = {};
    action.sa_handler = handler;
    const itimerval timer = { { 0, period_us }, { 0, period_us } };
    CHECK(sigaction(SIGALRM, &action, nullptr) == 0 && setitimer(ITIMER_REAL, &timer, nullptr) == 0);
}

static void calm()
{
    const itimerval none = {};
    CHECK(setitimer(ITIMER_REAL, &none, nullptr) == 0);
    std::signal(SIGALRM, ended);
    alarm(120);
}

static void must_be_busy(guarded *shared)
{
    try {
        shared->lock.lock();
    } catch (const peermap::error &error) {
        CHECK(error.code() == PEERMAP_EBUSY && std::string(error.what()).find("held by holder (pid ") != std::string::npos);
        return;
    }
    FAIL("it was given to two");
}

static void a_lock_is_waited_for_no_longer(peermap::segment &segment)
{
    guarded *shared = segment.find_or_construct<guarded>("guarded");
    const pid_t pid = start("holder", [](peermap::segment &there) {
        guarded *mine = there.find<guarded>("guarded");
        mine->lock.lock();
        mine->held = 1;
        pause();
    });
    while (shared->held == 0)
        usleep(1000);
    strike([](int) {}, 2000);
    takes("a lock, under a timer", 400, [&] { must_be_busy(shared); });
    calm();
    std::atomic<bool> over{ false };
    std::thread waker([&] {
        while (!over) {
            syscall(SYS_futex, &shared->lock, 1 /* FUTEX_WAKE */, 1, nullptr, nullptr, 0);
            usleep(500);
        }
    });
    takes("a lock, woken again and again", 400, [&] { must_be_busy(shared); });
    over = true;
    waker.join();
    kill(pid, SIGKILL);
    status_of(pid);
    CHECK(shared->lock.lock_from() != 0);
    shared->lock.unlock();
}

static void a_wait_is_no_longer(peermap::segment &segment)
{
    strike(hold_up, 350000);
    /* By the clock it may end one such moment late; by slices, which are counted, it would take seven times as long. */
    takes("wait_for, in a process that is held up", 400, [&] { CHECK(!segment.wait_for<int>("never", 400ms)); }, 1600);
    calm();
    CHECK(ms_of([&] { CHECK(!segment.wait_for<int>("never", std::chrono::milliseconds::min())); }) < 300);
    CHECK(ms_of([&] { CHECK(!segment.wait_root("never", 0, -5ms)); }) < 300);
}

struct large {
    explicit large(std::atomic<int> *begun)
    {
        if (begun)
            for (++*begun;;)
                pause();
    }
    char room[3 << 20];
};

/* The maker dies when most of the time is over, and a peer that is stopped holds up the growth that is needed then. */
static void one_deadline_for_all_of_a_making()
{
    peermap::options options = with_heap("first");
    options.deadline = 1000ms;
    options.flags |= PEERMAP_STRICT;
    CHECK(peermap::segment::unlink(segment_name()));
    peermap::segment segment = peermap::segment::create(segment_name(), options);
    auto *begun = segment.find_or_construct<std::atomic<int>>("begun", 0);
    const pid_t maker = start("maker", [](peermap::segment &there) { there.find_or_construct<large>("large", there.find<std::atomic<int>>("begun")); });
    while (*begun == 0)
        usleep(1000);
    const pid_t stopped = start("stopped", [](peermap::segment &) { pause(); });
    while (segment.pid_of("stopped") == 0)
        usleep(1000);
    setenv("PEERMAP_NO_PTRACE", "1", 1);
    peermap::options mine = named("second");
    mine.deadline = 1000ms;
    segment.detach();
    segment = peermap::segment::attach(segment_name(), mine);
    kill(stopped, SIGSTOP);
    std::thread killer([maker] { usleep(850000), kill(maker, SIGKILL); });
    takes("an object whose maker dies", 1000, [&] {
        try {
            segment.find_or_construct<large>("large", nullptr);
            FAIL("it was made");
        } catch (const peermap::bad_alloc &) {
        }
    });
    killer.join();
    status_of(maker);
    kill(stopped, SIGKILL);
    status_of(stopped);
    unsetenv("PEERMAP_NO_PTRACE");
}

/* What is no use to others while it is made is their work, not this call's: it may take longer than the deadline. */
static void a_constructor_takes_its_time(peermap::segment &segment)
{
    struct slow {
        slow() { usleep(700000); }
        int number = 1;
    };
    const slow *made = segment.find_or_construct<slow>("slow");
    CHECK(made && made->number == 1 && segment.find<slow>("slow") == made);
    CHECK(segment.destroy<slow>("slow"));
}

static void durations()
{
    std::error_code ec;
    peermap::options options = named("one");
    options.deadline = -1ms;
    CHECK(!peermap::segment::create(segment_name(), options, ec) && ec == PEERMAP_EINVAL);
    std::string said;
    try {
        (void)peermap::segment::open(segment_name(), options);
    } catch (const peermap::error &error) {
        said = error.what();
    }
    CHECK(said.find("options.deadline is -1 ms") != std::string::npos);
    for (const auto huge : { std::chrono::milliseconds((INT64_C(1) << 32) + 5), std::chrono::milliseconds::max() }) {
        options.deadline = huge;
        peermap::segment segment = peermap::segment::open(segment_name(), options);
        CHECK_INT(peermap_deadline_ms(segment.native_handle()), UINT32_MAX);
    }
}

/* It begins where it is set, is put back, and an earlier one stays in force. */
static void a_thread_has_one_deadline(peermap::segment &segment)
{
    CHECK_INT(peermap_set_thread_deadline(peermap_now() + 200000000), 0);
    peermap_root_copy root;
    takes("two waits", 200, [&] {
        for (int i = 0; i < 2; i++)
            CHECK_INT(peermap_wait_root(segment.native_handle(), "never", 0, 5000, &root), 1);
    });
    CHECK(ms_of([&] { CHECK(!segment.wait_for<int>("never", 5s)); }) < 300);
    CHECK_INT(peermap_set_root(segment.native_handle(), "r", segment.base(), 1, nullptr), 0); /* nobody is in its way */
    CHECK(peermap_set_thread_deadline(0) != 0);
    takes("a wait of its own", 400, [&] { CHECK(!segment.wait_for<int>("never")); });
}

int main()
{
    set_up();
    durations();
    CHECK(peermap::segment::unlink(segment_name()));
    {
        peermap::options options = with_heap("first");
        options.deadline = 400ms;
        peermap::segment segment = peermap::segment::create(segment_name(), options);
        a_lock_is_waited_for_no_longer(segment);
        a_wait_is_no_longer(segment);
        a_constructor_takes_its_time(segment);
        a_thread_has_one_deadline(segment);
    }
    one_deadline_for_all_of_a_making();
    return 0;
}
