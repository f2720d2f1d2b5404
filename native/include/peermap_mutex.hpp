// SPDX-License-Identifier: MIT
/*
 * peermap_mutex.hpp - a mutex that lies in a segment, and knows of deaths and deadlines.
 *
 *     using count_of = peermap::map<peermap::string, int>;
 *     struct dictionary {
 *         explicit dictionary(const peermap::allocator<char> &segment) : counts(segment) {}
 *         peermap::robust_mutex lock;
 *         count_of counts;
 *     };
 *
 *     auto *words = segment.find_or_construct<dictionary>("dictionary");
 *     const peermap::robust_lock held(words->lock, [&](std::uint64_t) {    // called if who had it died with it: then the count begins anew
 *         new (&words->counts) count_of(words->counts.get_allocator());
 *     });
 *     words->counts["hello"]++;
 *
 * It holds the id of an attachment (peermap_peer.id), which is nobody else's in any pid namespace, and is made of plain words, so that it does not
 * matter which C library a program has.  A lock() waits no longer than the deadline of the handle and throws then: PEERMAP_EBUSY, with
 * the name of who holds it.  A thread that ends with it, in a process that lives, has it still.  Who has attached with PEERMAP_READ_ONLY
 * takes none: PEERMAP_EREADONLY.
 *
 * DEATHS.  When the process that holds it has wholly ended, the next one gets it; but what it protects may be half changed.  So lock(), and with it std::unique_lock and
 * std::lock_guard, throw std::errc::owner_dead then, for everybody, until somebody has made that good: lock(repair), or a robust_lock with it, calls repair(id of the dead
 * one), which has the mutex, and has repaired it when it returns.  If it throws, or its process dies in it, the mutex is as it was, and the next one has to.  What a repair can do: see
 * DEATHS in peermap.hpp.  lock_from() takes what there is as it is, and says whether there was a death: for who looks for themselves.
 *
 * Each has a form that takes a std::error_code &, and throws nothing but what repair() does.
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
    std::uint64_t take(peermap_segment *in, std::uint64_t me, outcome &out)
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
            if (over) {
                out.set(make_error_code(PEERMAP_EBUSY), "a mutex is held by " + who(in, last) + "; if that is stopped or held by a debugger, let it go on");
                return 0;
            }
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

/* The handle of the segment in which a mutex lies, and this attachment's id; 0 if it cannot be taken. */
struct here {
    here(const void *mutex, outcome &out) : in(peermap_segment_at(mutex)), id(in ? peermap_id(in) : 0)
    {
        if (id == 0)
            out.set(make_error_code(PEERMAP_EDETACHED), "this process does not have the mutex's segment attached");
        else if (peermap_flags(in) & PEERMAP_READ_ONLY)
            out.set(make_error_code(PEERMAP_EREADONLY), "to take a mutex is to write it, and this process has attached to read (PEERMAP_READ_ONLY)");
    }
    peermap_segment *in;
    std::uint64_t id;
};

/* Whom a mutex was taken from, 0 for nobody; of a thread that has it already, what `again` says. */
template <class Again> std::uint64_t take(mutex_words &words, outcome &out, const here &at, Again again)
{
    if (out)
        return 0;
    if (words.is_mine(at.id))
        return again(), 0;
    return words.take(at.in, at.id, out);
}

/* Goes on to the next one without a word: for who knows by words of their own whether something is half done. */
class passing_mutex {
public:
    void lock() { lock_from(); }

    /* The id of the peer that died with it, or 0. */
    std::uint64_t lock_from()
    {
        outcome out;
        const std::uint64_t dead = take(out);
        out.raise();
        return dead;
    }
    bool try_lock()
    {
        outcome out;
        const here at(this, out);
        out.raise();
        return words.try_take(at.id);
    }
    void unlock() noexcept { words.give(); }

private:
    std::uint64_t take(outcome &out)
    {
        return detail::take(words, out, here(this, out), [&] {
            const std::error_code code = std::make_error_code(std::errc::resource_deadlock_would_occur);
            out.set(code, "this thread has the mutex already");
        });
    }

    mutex_words words;
};

/* What is said to whoever comes after a death. */
inline void set_dead(outcome &out, peermap_segment *in, std::uint64_t by, const char *remedy)
{
    out.set(std::make_error_code(std::errc::owner_dead), who(in, by) + " died while it had the lock of something that it may have left half done; " + remedy);
}

} // namespace detail

class robust_mutex {
public:
    void lock()
    {
        detail::outcome out;
        enter(out);
        out.raise();
    }
    void lock(std::error_code &ec)
    {
        detail::outcome out;
        enter(out);
        ec = out.code;
    }

    /* After a death first repair(), with the id of the dead one. */
    template <class Repair> void lock(Repair repair)
    {
        detail::outcome out;
        enter(out, repair);
        out.raise();
    }
    template <class Repair> void lock(Repair repair, std::error_code &ec)
    {
        detail::outcome out;
        enter(out, repair);
        ec = out.code;
    }

    /* The id of the peer that died with it, or 0; it counts as repaired. */
    std::uint64_t lock_from()
    {
        std::uint64_t from = 0;
        lock([&](std::uint64_t dead) { from = dead; });
        return from;
    }

    /* False if somebody has it.  std::errc::owner_dead as lock(). */
    bool try_lock()
    {
        detail::outcome out;
        const bool taken = try_enter(out);
        out.raise();
        return taken;
    }
    bool try_lock(std::error_code &ec)
    {
        detail::outcome out;
        const bool taken = try_enter(out);
        ec = out.code;
        return taken;
    }

    void unlock() noexcept { words.give(); }

private:
    static constexpr char remedy[] = "lock it with a repair, peermap::robust_lock held(mutex, repair), or as it is, with lock_from()";

    /* Has the mutex; or has it not, and says why. */
    template <class Repair> void enter(detail::outcome &out, Repair &repair)
    {
        struct given_back_unless_repaired {
            ~given_back_unless_repaired()
            {
                if (!repaired)
                    of.give();
            }
            detail::mutex_words &of;
            bool repaired;
        };
        take(out);
        if (out || died.load() == 0)
            return;
        given_back_unless_repaired all{ words, false };
        repair(died.load());
        died.store(0);
        all.repaired = true;
    }

    void enter(detail::outcome &out)
    {
        peermap_segment *const in = take(out);
        refuse_after_death(out, in);
    }

    bool try_enter(detail::outcome &out)
    {
        const detail::here at(this, out);
        if (out || !words.try_take(at.id))
            return false;
        refuse_after_death(out, at.in);
        return !out;
    }

    peermap_segment *take(detail::outcome &out)
    {
        const detail::here at(this, out);
        const std::uint64_t dead = detail::take(words, out, at, [&] {
            const std::error_code code = std::make_error_code(std::errc::resource_deadlock_would_occur);
            out.set(code, "this thread has the mutex already");
        });
        if (dead != 0)
            died.store(dead);
        return at.in;
    }

    void refuse_after_death(detail::outcome &out, peermap_segment *in)
    {
        const std::uint64_t by = out ? 0 : died.load();
        if (by == 0)
            return;
        words.give();
        detail::set_dead(out, in, by, remedy);
    }

    detail::mutex_words words;
    std::atomic<std::uint64_t> died{ 0 }; /* who left what is not repaired */
};

/* That one thread may lock again and again. */
class robust_recursive_mutex {
public:
    void lock()
    {
        detail::outcome out;
        enter(out, no_repair);
        out.raise();
    }
    void lock(std::error_code &ec)
    {
        detail::outcome out;
        enter(out, no_repair);
        ec = out.code;
    }
    template <class Repair> void lock(Repair repair)
    {
        detail::outcome out;
        enter(out, &repair);
        out.raise();
    }
    template <class Repair> void lock(Repair repair, std::error_code &ec)
    {
        detail::outcome out;
        enter(out, &repair);
        ec = out.code;
    }

    bool try_lock()
    {
        detail::outcome out;
        const bool taken = try_enter(out);
        out.raise();
        return taken;
    }
    bool try_lock(std::error_code &ec)
    {
        detail::outcome out;
        const bool taken = try_enter(out);
        ec = out.code;
        return taken;
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
    static constexpr char remedy[] = "remove the segment and create it anew, or take what there is as it is, with a repair, recover() or an acceptance";

    static constexpr void (**no_repair)(std::uint64_t) = nullptr;

    static bool &accepts() noexcept
    {
        static thread_local bool one = false;
        return one;
    }

    template <class Repair> void enter(detail::outcome &out, Repair *repair)
    {
        const detail::here at(this, out);
        bool again = false;
        const std::uint64_t dead = detail::take(words, out, at, [&] { again = true; });
        if (dead != 0)
            died.store(dead);
        if (again)
            depth++;
        else if (!out)
            settle(out, at.in, repair);
    }

    bool try_enter(detail::outcome &out)
    {
        const detail::here at(this, out);
        if (!out && words.is_mine(at.id))
            depth++;
        else if (out || !words.try_take(at.id))
            return false;
        else
            settle(out, at.in, no_repair);
        return !out;
    }

    template <class Repair> void settle(detail::outcome &out, peermap_segment *in, Repair *repair)
    {
        struct given_back_unless_repaired {
            ~given_back_unless_repaired()
            {
                if (!repaired)
                    of.unlock();
            }
            robust_recursive_mutex &of;
            bool repaired;
        };
        depth = 1;
        given_back_unless_repaired all{ *this, false };
        if (accepts())
            died.store(0);
        if (died.load() != 0 && repair) {
            (*repair)(died.load());
            died.store(0);
        }
        all.repaired = died.load() == 0;
        if (!all.repaired)
            detail::set_dead(out, in, died.load(), remedy);
    }

    detail::mutex_words words;
    std::atomic<std::uint64_t> died{ 0 };
    std::uint32_t depth = 0;
};

/* Locks for as long as it lives; after a death first repair(id of the dead one) has to make good what the mutex protects. */
template <class Mutex> class robust_lock {
public:
    template <class Repair> robust_lock(Mutex &mutex, Repair repair) : held(mutex) { held.lock(std::move(repair)); }
    robust_lock(const robust_lock &) = delete;
    robust_lock &operator=(const robust_lock &) = delete;
    ~robust_lock() { held.unlock(); }

private:
    Mutex &held;
};

} // namespace peermap

#endif
