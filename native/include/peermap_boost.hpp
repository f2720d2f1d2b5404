// SPDX-License-Identifier: MIT
/*
 * peermap_boost.hpp - Boost.Interprocess on a segment: its containers, its names, and memory that grows under running processes.
 *
 *     #include <peermap_boost.hpp>
 *     #include <boost/interprocess/containers/vector.hpp>
 *
 *     namespace bi = boost::interprocess;
 *     using numbers = bi::vector<int, bi::allocator<int, peermap::managed_segment::segment_manager>>;
 *
 *     peermap::managed_segment memory(bi::open_or_create, "numbers", 65536);
 *     auto *all = memory.find_or_construct<numbers>("all")(memory.get_segment_manager());
 *     all->resize(1 << 20);                                        // where managed_shared_memory throws, this has grown
 *
 * A managed_segment is a basic_managed_external_buffer, with a memory algorithm that does not run out: where rbtree_best_fit has no room, it
 * grows the segment, in every process, and goes on.  grow() does the same by hand, and shrink_to_fit() gives the end back.  Both may be called
 * at any time, by any process: what Boost calls offline is live.
 *
 * One mutex, Boost's, in the memory itself, is held while the memory is divided and while it grows: two growers come one after the other, and the
 * second finds what the first has added.  Peers map by a thread that takes no such mutex, so a growth waits for nobody who waits for it.
 * Boost's mutexes know nothing of deaths: who is killed with one leaves it locked.
 *
 * The segment is Boost's alone: it has no heap of Peermap's.
 */
#ifndef PEERMAP_BOOST_HPP
#define PEERMAP_BOOST_HPP

#include <peermap.hpp>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/offset_ptr.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

namespace peermap {

/* Lies at the beginning of the data. */
template <class MutexFamily = boost::interprocess::mutex_family, class VoidPointer = boost::interprocess::offset_ptr<void>,
          std::size_t MemAlignment = 0>
class growing_best_fit : public boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family, VoidPointer, MemAlignment> {
    using base = boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family, VoidPointer, MemAlignment>;
    using mutex_type = typename MutexFamily::mutex_type;
    using lock = boost::interprocess::scoped_lock<mutex_type>;

public:
    using mutex_family = MutexFamily;
    using size_type = typename base::size_type;
    using multiallocation_chain = typename base::multiallocation_chain;

    growing_best_fit(size_type size, size_type extra) : base(size, extra + own_bytes()) {}
    static size_type get_min_size(size_type extra) { return base::get_min_size(extra + own_bytes()); }

    void *allocate(size_type bytes)
    {
        const lock held(mutex);
        return with_room(bytes, [&] { return base::allocate(bytes); });
    }
    void *allocate_aligned(size_type bytes, size_type alignment)
    {
        const lock held(mutex);
        return with_room(sum(bytes, 2 * alignment), [&] { return base::allocate_aligned(bytes, alignment); });
    }

    void allocate_many(size_type bytes, size_type count, multiallocation_chain &chain)
    {
        const lock held(mutex);
        const size_type before = chain.size();
        with_room(product(sum(bytes, overhead), count), [&] { return base::allocate_many(bytes, count, chain), chain.size() != before; });
    }
    void allocate_many(const size_type *sizes, size_type count, size_type unit, multiallocation_chain &chain)
    {
        const lock held(mutex);
        const size_type before = chain.size();
        size_type all = 0;
        for (size_type i = 0; i < count; i++)
            all = sum(all, sum(product(sizes[i], unit), overhead));
        with_room(all, [&] { return base::allocate_many(sizes, count, unit, chain), chain.size() != before; });
    }

    template <class T>
    T *allocation_command(boost::interprocess::allocation_type command, size_type least, size_type &wanted, T *&reuse)
    {
        void *raw = reuse;
        void *got = raw_allocation_command(command, least, wanted, raw, sizeof(T));
        reuse = static_cast<T *>(raw);
        return static_cast<T *>(got);
    }
    void *raw_allocation_command(boost::interprocess::allocation_type command, size_type least, size_type &wanted, void *&reuse,
                                 size_type unit = 1)
    {
        const lock held(mutex);
        const size_type asked = wanted;
        void *const old = reuse;
        auto attempt = [&] {
            reuse = old;
            return base::raw_allocation_command(command, least, wanted = asked, reuse, unit);
        };
        if (!(command & boost::interprocess::allocate_new))
            return attempt();
        return with_room(product(least > asked ? least : asked, unit), attempt);
    }

    void deallocate(void *pointer)
    {
        const lock held(mutex);
        base::deallocate(pointer);
    }
    void deallocate_many(multiallocation_chain &chain)
    {
        const lock held(mutex);
        base::deallocate_many(chain);
    }

    /* peermap::error if the segment cannot grow. */
    void grow(size_type bytes)
    {
        const lock held(mutex);
        detail::raise(detail::code_of(extend(bytes)));
    }

    void shrink_to_fit()
    {
        const lock held(mutex);
        base::shrink_to_fit();
        if (peermap_segment *segment = peermap_of(this))
            peermap_shrink(segment, peermap_size(segment) - base::get_size(), nullptr); /* what stays, the next growth finds */
    }

    /* The most that containers may ask for: their max_size() is made of this.  What there is now is divided(). */
    size_type get_size() const { return most; }
    size_type divided() const { return base::get_size(); }

    void zero_free_memory()
    {
        const lock held(mutex);
        base::zero_free_memory();
    }
    bool check_sanity()
    {
        const lock held(mutex);
        return base::check_sanity();
    }
    bool all_memory_deallocated()
    {
        const lock held(mutex);
        return base::all_memory_deallocated();
    }

private:
    static constexpr size_type overhead = 64;
    static constexpr size_type step_max = size_type{ 64 } << 20;
    static constexpr size_type most = std::numeric_limits<size_type>::max() / 2;

    static size_type sum(size_type a, size_type b) { return a > most - b ? most : a + b; }
    static size_type product(size_type a, size_type b) { return b != 0 && a > most / b ? most : a * b; }
    static constexpr size_type own_bytes() { return sizeof(growing_best_fit) - sizeof(base); }

    /* Tries; where there is no room adds as much as there is, up to a limit, or what is needed, and tries again. */
    template <class Attempt> auto with_room(size_type bytes, Attempt attempt)
    {
        auto got = attempt();
        if (got || bytes >= most)
            return got;
        const size_type needed = sum(bytes, 4 * overhead), step = base::get_size() < step_max ? base::get_size() : step_max;
        if (extend(needed > step ? needed : step) == 0 || (needed < step && extend(needed) == 0))
            got = attempt();
        return got;
    }

    /* What others have added to the segment, which nobody has divided yet, counts. */
    int extend(size_type bytes)
    {
        peermap_segment *segment = peermap_of(this);
        if (!segment)
            return PEERMAP_EDETACHED;
        size_type more = peermap_size(segment) - base::get_size();
        const int rc = more < bytes ? peermap_grow(segment, bytes - more, nullptr) : 0;
        more = peermap_size(segment) - base::get_size();
        if (rc == 0)
            base::grow(more);
        return rc;
    }

    mutex_type mutex;
};

/* One attachment of a segment that Boost divides.  Used as a managed_shared_memory is. */
template <class CharType, class Algorithm, template <class> class Index>
class basic_managed_segment : public boost::interprocess::basic_managed_external_buffer<CharType, Algorithm, Index> {
    using buffer = boost::interprocess::basic_managed_external_buffer<CharType, Algorithm, Index>;

public:
    using typename buffer::segment_manager;

    basic_managed_segment(boost::interprocess::create_only_t, const std::string &name, std::size_t size, const options &with = {})
        : below(segment::create(name, sized(with, size)))
    {
        settle();
    }
    basic_managed_segment(boost::interprocess::open_or_create_t, const std::string &name, std::size_t size, const options &with = {})
        : below(segment::open(name, sized(with, size)))
    {
        settle();
    }
    basic_managed_segment(boost::interprocess::open_only_t, const std::string &name, const options &with = {})
        : below(segment::attach(name, sized(with, 0)))
    {
        settle();
    }
    basic_managed_segment(basic_managed_segment &&) = delete;

    /* The segment below: its peers, its rounds. */
    segment &get_segment() noexcept { return below; }
    static bool remove(const std::string &name) { return segment::remove(name); }

    /* What is divided now.  The memory algorithm is a base that the segment manager keeps to itself, and first in it. */
    std::size_t get_size() const { return reinterpret_cast<const Algorithm *>(this->get_segment_manager())->divided(); }
    void grow(std::size_t bytes) { this->get_segment_manager()->grow(bytes); }
    void shrink_to_fit() { this->get_segment_manager()->shrink_to_fit(); }

private:
    static constexpr char root[] = "boost.segment_manager";

    static options sized(options with, std::size_t size)
    {
        with.flags &= ~static_cast<std::uint32_t>(PEERMAP_HEAP);
        with.initial_size = size > segment_manager::get_min_size() ? size : segment_manager::get_min_size();
        return with;
    }

    /* One of all who come at once makes the segment manager; it is complete before the others see it. */
    void settle()
    {
        peermap_heap heap;
        if (peermap_heap_stats(below.native_handle(), &heap) == 0)
            throw error(PEERMAP_EINVAL, "the segment has a heap of its own, and no room for Boost's");
        const std::string type = root_type<segment_manager>::name();
        peermap_root_copy found;
        while (!look_for(type, found)) {
            if (found.version != 0 && detail::claimant_lives(below, found)) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                continue;
            }
            make(type, found);
        }
        buffer opened(boost::interprocess::open_only, found.pointer, found.size);
        buffer::swap(opened);
    }

    bool look_for(const std::string &type, peermap_root_copy &found)
    {
        detail::raise(detail::code_of(peermap_read_root(below.native_handle(), root, &found)));
        if (found.version == 0 || detail::is_claim(found))
            return false;
        if (type != found.type)
            throw error(PEERMAP_ETYPE, std::string("the segment is divided by ") + found.type + ", which is no " + type);
        return true;
    }

    void make(const std::string &type, const peermap_root_copy &was)
    {
        detail::right one(below, root, false);
        const int rc = one.take(was, below.base(), sizeof(segment_manager));
        detail::raise(detail::code_of(rc));
        if (rc == 0) {
            buffer made(boost::interprocess::create_only, below.base(), below.size());
            detail::raise(detail::code_of(one.complete(sizeof(segment_manager), type)));
        }
    }

    segment below;
};

using managed_segment = basic_managed_segment<char, growing_best_fit<>, boost::interprocess::iset_index>;

} // namespace peermap

#endif
