// SPDX-License-Identifier: MIT
/*
 * peermap_mutex.hpp - a mutex that lies in a segment, and knows of deaths and deadlines.
 *
 *     auto *lock = segment.find_or_construct<peermap::robust_mutex>("lock");
 *     const std::lock_guard<peermap::robust_mutex> held(*lock);
 *
 * It holds the id of an attachment (peermap_peer.id), which is nobody else's in any pid namespace, and is made of plain words, so that it does not
 * matter which C library a program has.  A lock() waits no longer than the deadline of the handle and throws then: PEERMAP_EBUSY, with
 * the name of who holds it.  When the process that holds it has wholly ended, the next one has it: lock_from() says from whom, because what the
 * mutex protects may be half changed.  A thread that ends with it, in a process that lives, has it still.  Who has attached with PEERMAP_READ_ONLY
 * takes none: PEERMAP_EREADONLY.
 */
#ifndef PEERMAP_MUTEX_HPP
#define PEERMAP_MUTEX_HPP

#include <peermap.hpp>

#include <atomic>
#include <sys/syscall.h>
#include <unistd.h>

namespace peermap {

namespace detail {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(std::atomic<std::uint64_t>) == 8, "a futex is the lower half of a word");

/* Sleeps while the lower half of the word is that of `value`. */
inline void sleep_while(const std::atomic<std::uint64_t> &word, std::uint64_t value, std::uint64_t until) noexcept
{
    peermap_sleep_while(reinterpret_cast<const std::uint32_t *>(&word), static_cast<std::uint32_t>(value), until);
}

inline void wake_one(const std::atomic<std::uint64_t> &word) noexcept
{
    const int before = errno;
    ::syscall(SYS_futex, &word, 1 /* FUTEX_WAKE */, 1, nullptr, nullptr, 0);
    errno = before;
}

/* What no other thread has, by this attachment or another: an address comes again when a thread has ended, and in a forked process; a moment does not. */
inline std::uint64_t this_thread(std::uint64_t me) noexcept
{
    static thread_local std::uint64_t begun = 0;
    if (begun == 0)
        begun = peermap_now();
    const std::uint64_t moment = begun * 0x9e3779b97f4a7c15u, attachment = me * 0xc2b2ae3d27d4eb4fu;
    return (moment ^ attachment ^ reinterpret_cast<std::uintptr_t>(&begun)) | 1;
}

/* "writer (pid 12)" */
inline std::string who(peermap_segment *in, std::uint64_t id)
{
    std::vector<peermap_peer> rows(1024);
    const int count = peermap_peers(in, rows.data(), static_cast<int>(rows.size()));
    for (int i = 0; i < count && i < static_cast<int>(rows.size()); i++)
        if (rows[static_cast<std::size_t>(i)].id == id)
            return std::string(rows[static_cast<std::size_t>(i)].name) + " (pid " + std::to_string(rows[static_cast<std::size_t>(i)].pid) + ")";
    return "a process that has ended";
}

inline bool has_ended(peermap_segment *in, std::uint64_t id) noexcept
{
    peermap_peer peer;
    std::memset(&peer, 0, sizeof peer);
    peer.id = id;
    return peermap_peer_ended(in, &peer) == 1;
}

class mutex_words {
public:
    mutex_words() noexcept = default;
    mutex_words(const mutex_words &) = delete;
    mutex_words &operator=(const mutex_words &) = delete;

    bool is_mine(std::uint64_t me) const noexcept { return holder.load() == me && thread.load() == this_thread(me); }

    bool try_take(std::uint64_t me) noexcept
    {
        std::uint64_t free = 0;
        return holder.compare_exchange_strong(free, me) && settle(me);
    }

    /* 0, or the id of the dead one that had it. */
    std::uint64_t take(peermap_segment *in, std::uint64_t me)
    {
        if (try_take(me))
            return 0;
        const bounded all(peermap_deadline_ms(in));
        std::uint64_t last = 0;
        for (std::uint64_t look = peermap_now() + slice_ns; !try_take(me);) {
            const std::uint64_t seen = holder.load(), now = peermap_now();
            last = seen != 0 ? seen : last;
            const bool over = now >= all.until();
            if (seen != 0 && (over || now >= look)) {
                if (take_from_dead(in, seen, me))
                    return seen;
                look = now + slice_ns;
            }
            if (over)
                throw error(PEERMAP_EBUSY, "a mutex is held by " + who(in, last) + "; if that is stopped or held by a debugger, let it go on");
            if (seen != 0)
                wait(seen, look < all.until() ? look : all.until());
        }
        return 0;
    }

    void give() noexcept
    {
        thread.store(0);
        holder.store(0);
        if (waiting.load() != 0)
            wake_one(holder);
    }

private:
    static constexpr std::uint64_t slice_ns = std::uint64_t{ slice_ms } * 1000000;

    bool settle(std::uint64_t me) noexcept
    {
        thread.store(this_thread(me));
        return true;
    }

    bool take_from_dead(peermap_segment *in, std::uint64_t seen, std::uint64_t me) noexcept
    {
        return has_ended(in, seen) && holder.compare_exchange_strong(seen, me) && settle(me);
    }

    /* It is counted before it sleeps, and who gives the mutex back looks for it afterwards.  One that is killed meanwhile stays counted, which costs
     * a call each time. */
    void wait(std::uint64_t seen, std::uint64_t until) noexcept
    {
        waiting.fetch_add(1);
        sleep_while(holder, seen, until);
        waiting.fetch_sub(1);
    }

    std::atomic<std::uint64_t> holder{ 0 };
    std::atomic<std::uint64_t> thread{ 0 };
    std::atomic<std::uint32_t> waiting{ 0 };
};

/* The handle of the segment in which a mutex lies, and this attachment's id. */
struct here {
    explicit here(const void *mutex) : in(peermap_segment_at(mutex)), id(in ? peermap_id(in) : 0)
    {
        if (id == 0)
            throw error(PEERMAP_EDETACHED, "this process does not have the mutex's segment attached");
        if (peermap_flags(in) & PEERMAP_READ_ONLY)
            throw error(PEERMAP_EREADONLY, "to take a mutex is to write it, and this process has attached to read (PEERMAP_READ_ONLY)");
    }
    peermap_segment *in;
    std::uint64_t id;
};

} // namespace detail

class robust_mutex {
public:
    void lock() { lock_from(); }

    /* The id of the peer that died with it, or 0. */
    std::uint64_t lock_from()
    {
        const detail::here at(this);
        if (words.is_mine(at.id))
            throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur));
        return words.take(at.in, at.id);
    }
    bool try_lock() { return words.try_take(detail::here(this).id); }
    void unlock() noexcept { words.give(); }

private:
    detail::mutex_words words;
};

/* That one thread may lock again and again.  What it protects is not known to be whole when who holds it dies: then it throws PEERMAP_EFORMAT from
 * then on, until somebody has made that good, or taken it as it is, and says so. */
class robust_recursive_mutex {
public:
    void lock()
    {
        const detail::here at(this);
        if (words.is_mine(at.id)) {
            depth++;
            return;
        }
        const std::uint64_t dead = words.take(at.in, at.id);
        if (dead != 0)
            died.store(dead);
        enter(at.in);
    }

    bool try_lock()
    {
        const detail::here at(this);
        if (words.is_mine(at.id))
            depth++;
        else if (!words.try_take(at.id))
            return false;
        else
            enter(at.in);
        return true;
    }

    void unlock() noexcept
    {
        if (--depth == 0)
            words.give();
    }

    /* While one of these lives in a thread, what it locks is taken as it is, and counts as whole from then on. */
    class acceptance {
    public:
        acceptance() noexcept { accepts() = true; }
        ~acceptance() { accepts() = false; }
        acceptance(const acceptance &) = delete;
        acceptance &operator=(const acceptance &) = delete;
    };

private:
    static bool &accepts() noexcept
    {
        static thread_local bool one = false;
        return one;
    }

    void enter(peermap_segment *in)
    {
        depth = 1;
        if (accepts())
            died.store(0);
        const std::uint64_t by = died.load();
        if (by == 0)
            return;
        unlock();
        throw error(PEERMAP_EFORMAT, detail::who(in, by) + " died while it had the lock of something that it may have left half done; remove the segment and " +
                                         "create it anew, or take what there is as it is, with recover() or an acceptance");
    }

    detail::mutex_words words;
    std::atomic<std::uint64_t> died{ 0 };
    std::uint32_t depth = 0;
};

} // namespace peermap

#endif
