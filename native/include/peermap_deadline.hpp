// SPDX-License-Identifier: MIT
/*
 * peermap_deadline.hpp - one deadline for several calls: what the other headers are made with.
 */
#ifndef PEERMAP_DEADLINE_HPP
#define PEERMAP_DEADLINE_HPP

#include <peermap.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace peermap {

namespace detail {

/* What does not fit is as long as can be; what is negative is over, and so nothing. */
inline std::uint32_t whole_ms(std::chrono::milliseconds time) noexcept
{
    const auto count = time.count();
    constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
    return count <= 0 ? 0 : count < most ? static_cast<std::uint32_t>(count) : most;
}

/* One deadline for all that this thread calls while it lives, by the kernel's clock: its own, or an earlier one that is in force already. */
class bounded {
public:
    bounded(std::uint64_t begun, std::uint32_t ms) noexcept : end(begun + std::uint64_t{ ms } * 1000000), before(peermap_set_thread_deadline(end))
    {
        if (before != 0 && before < end)
            peermap_set_thread_deadline(end = before);
    }
    explicit bounded(std::uint32_t ms) noexcept : bounded(peermap_now(), ms) {}
    /* 0: that of the handle; less than that: over already. */
    bounded(std::chrono::milliseconds time, const peermap_segment *of) noexcept
        : bounded(time.count() == 0 ? peermap_deadline_ms(of) : whole_ms(time))
    {
    }
    ~bounded() { peermap_set_thread_deadline(before); }
    bounded(const bounded &) = delete;
    bounded &operator=(const bounded &) = delete;

    bool is_over() const noexcept { return peermap_now() >= end; }
    std::uint64_t until() const noexcept { return end; }

    /* The work of others, with what deadlines it has: its time does not count. */
    template <class Work> auto aside(Work work)
    {
        struct back {
            ~back()
            {
                all.end += peermap_now() - begun;
                peermap_set_thread_deadline(all.end);
            }
            bounded &all;
            std::uint64_t begun;
        };
        const back always{ *this, peermap_now() };
        peermap_set_thread_deadline(before);
        return work();
    }

private:
    std::uint64_t end, before;
};

constexpr std::uint32_t slice_ms = 10; /* after which a wait looks again whether who it waits for has ended */

} // namespace detail

} // namespace peermap

#endif
