// SPDX-License-Identifier: MIT
/*
 * crowd.hpp - a test program's own segment, and other processes that use it: each forked, and a peer of its own.
 *
 * The segment is destroyed at exit, children end with the test, and a watchdog of two minutes ends a test that hangs.
 */
#ifndef CROWD_HPP
#define CROWD_HPP

#include "../native/check.h"

#include <peermap.hpp>

#include <csignal>
#include <functional>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

inline char segment_object[96]; /* for a signal handler */
inline pid_t first_process;

inline std::string segment_name() { return "test-cxx-" + std::to_string(first_process); }

inline void remove_object()
{
    if (getpid() == first_process)
        unlink(segment_object);
}

inline void ended(int)
{
    remove_object();
    _exit(1);
}

inline void set_up()
{
    first_process = getpid();
    std::snprintf(segment_object, sizeof segment_object, "/dev/shm/peermap.%s", segment_name().c_str());
    std::atexit(remove_object);
    for (int number : { SIGALRM, SIGTERM, SIGINT })
        std::signal(number, ended);
    alarm(120);
}

inline peermap::options named(const std::string &peer)
{
    peermap::options options;
    options.peer_name = peer;
    return options;
}

/* For who creates the segment. */
inline peermap::options with_heap(const std::string &peer)
{
    peermap::options options = named(peer);
    options.heap = true;
    return options;
}

/* A process that attaches under this name and does that; its end is a failed test if it fails. */
inline pid_t start(const std::string &peer, const std::function<void(peermap::segment &)> &work)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        peermap::segment segment = peermap::segment::attach(segment_name(), named(peer));
        work(segment);
    } catch (const std::exception &what) {
        std::fprintf(stderr, "%s: %s\n", peer.c_str(), what.what());
        _exit(1);
    }
    _exit(0);
}

inline int status_of(pid_t pid)
{
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

inline bool in(const peermap::segment &segment, const void *address)
{
    const char *base = static_cast<const char *>(segment.base()), *at = static_cast<const char *>(address);
    return at >= base && at < base + segment.size();
}

inline std::uint64_t used(const peermap::segment &segment)
{
    peermap_heap heap;
    CHECK_INT(peermap_heap_stats(segment.native_handle(), &heap), 0);
    return heap.small_objects + heap.large_objects;
}

#endif
