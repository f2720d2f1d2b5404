// SPDX-License-Identifier: MIT
/* Processes make and destroy the same few objects and are killed at any moment: whoever looks finds a whole object or none. */
#include "crowd.hpp"

struct whole {
    explicit whole(std::uint64_t number) : first(number), text("made", allocation()), last(number) {}
    static inline thread_local peermap::segment *of;
    static peermap::allocator<char> allocation() { return *of; }
    std::uint64_t first;
    peermap::string text;
    std::uint64_t last;
};

static void work(peermap::segment &segment)
{
    whole::of = &segment;
    for (std::uint64_t i = 0;; i++) {
        const std::string name = "object-" + std::to_string(i % 3);
        whole *got = segment.find_or_construct<whole>(name, i);
        CHECK(got != nullptr);
        if (i % 7 == 0)
            segment.destroy<whole>(name);
    }
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    whole::of = &segment;
    std::uint64_t state = 88172645463325252u;
    pid_t pids[4];
    for (int i = 0; i < 4; i++)
        pids[i] = start("worker-" + std::to_string(i), work);
    for (int turn = 0; turn < 120; turn++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        const unsigned victim = static_cast<unsigned>(state % 4);
        usleep(static_cast<unsigned>(state >> 20) % 4000);
        CHECK(kill(pids[victim], SIGKILL) == 0);
        const int status = status_of(pids[victim]);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        pids[victim] = start("worker-" + std::to_string(victim), work);
    }
    for (pid_t pid : pids) {
        kill(pid, SIGKILL);
        status_of(pid);
    }
    for (int i = 0; i < 3; i++) {
        const std::string name = "object-" + std::to_string(i);
        whole *got = segment.find_or_construct<whole>(name, 1u);
        CHECK(got && got->first == got->last && got->text == "made");
        CHECK(segment.destroy<whole>(name));
        CHECK(peermap_root(segment.native_handle(), name.c_str(), nullptr) == nullptr);
    }
    return 0;
}
