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
 * One mutex, in the memory itself, is held while the memory is divided and while it grows: two growers come one after the other, and the
 * second finds what the first has added.  Peers map by a thread that takes no such mutex, so a growth waits for nobody who waits for it.
 *
 * DEATHS.  That mutex, and the one that the names are under, are of peermap_mutex.hpp: nobody waits for a dead holder, nor for a living one for longer
 * than the deadline.  What Boost has half done when a process is killed nobody can finish.  So if that was in the middle of dividing memory, or of making,
 * finding or destroying an object by its name, the next call that needs the same throws peermap::error, std::errc::owner_dead, which names the dead,
 * and so does every later one.  All data that was complete can still be read.  Then remove the segment and create it anew.  recover() lifts the refusal, if
 * Boost finds its list of free memory in order, so that names can be looked up and data saved; that is no proof that the rest is, so what is allocated or
 * freed after it may crash.  What cannot be given back because of all this is lost, without an error: destructors do it.
 *
 * READERS.  To take a mutex is to write it, so what does throws PEERMAP_EREADONLY in a process that has attached with PEERMAP_READ_ONLY.  It looks objects up by
 * find_no_lock(), while nobody makes or destroys any; what it may look at when, the program's own words in the memory say.
 *
 * The segment is Boost's alone: it has no heap of Peermap's.
 */
#ifndef PEERMAP_BOOST_HPP
#define PEERMAP_BOOST_HPP

#include <peermap_mutex.hpp>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/offset_ptr.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

namespace peermap {

struct robust_mutex_family {
    using mutex_type = detail::passing_mutex; /* what it protects has a word of its own for who dies */
    using recursive_mutex_type = robust_recursive_mutex;
};

/* Lies at the beginning of the data. */
template <class MutexFamily = robust_mutex_family, class VoidPointer = boost::interprocess::offset_ptr<void>,
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
        const turn mine(*this);
        return with_room(bytes, [&] { return base::allocate(bytes); });
    }
    void *allocate_aligned(size_type bytes, size_type alignment)
    {
        const turn mine(*this);
        return with_room(sum(bytes, 2 * alignment), [&] { return base::allocate_aligned(bytes, alignment); });
    }

    void allocate_many(size_type bytes, size_type count, multiallocation_chain &chain)
    {
        const turn mine(*this);
        const size_type before = chain.size();
        with_room(product(sum(bytes, overhead), count), [&] { return base::allocate_many(bytes, count, chain), chain.size() != before; });
    }
    void allocate_many(const size_type *sizes, size_type count, size_type unit, multiallocation_chain &chain)
    {
        const turn mine(*this);
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
        const turn mine(*this);
        const size_type asked = wanted;
        void *const old = reuse;
        auto attempt = [&] {
            reuse = old;
            return base::raw_allocation_command(command, least, wanted = asked, reuse, unit);
        };
        if (!(command & boost::interprocess::allocate_new))
            return divide(attempt);
        return with_room(product(least > asked ? least : asked, unit), attempt);
    }

    void deallocate(void *pointer)
    {
        give_back([&] { base::deallocate(pointer); });
    }
    void deallocate_many(multiallocation_chain &chain)
    {
        give_back([&] { base::deallocate_many(chain); });
    }

    /* peermap::error if the segment cannot grow. */
    void grow(size_type bytes)
    {
        const turn mine(*this);
        detail::raise(detail::code_of(extend(bytes)));
    }

    void shrink_to_fit()
    {
        const turn mine(*this);
        divide([&] { return base::shrink_to_fit(), true; });
        if (peermap_segment *segment = peermap_segment_at(this)) {
            const int rc = peermap_shrink(segment, peermap_size(segment) - base::get_size(), nullptr);
            static_cast<void>(rc); /* what stays, the next growth finds */
        }
    }

    /* The most that containers may ask for: their max_size() is made of this.  What there is now is divided(). */
    size_type get_size() const { return most; }
    size_type divided() const { return base::get_size(); }

    void zero_free_memory()
    {
        const turn mine(*this);
        base::zero_free_memory();
    }
    bool check_sanity()
    {
        const turn mine(*this);
        return base::check_sanity();
    }
    bool all_memory_deallocated()
    {
        const turn mine(*this);
        return base::all_memory_deallocated();
    }

    /* Lifts the refusal, to save what can be read, if Boost finds its list of what is free in order; false otherwise.  No repair: see DEATHS. */
    bool recover()
    {
        const lock held(mutex);
        if (!base::check_sanity())
            return false;
        divider.store(0);
        return true;
    }

private:
    static constexpr size_type overhead = 64;
    static constexpr size_type step_max = size_type{ 64 } << 20;
    static constexpr size_type most = std::numeric_limits<size_type>::max() / 2;

    static size_type sum(size_type a, size_type b) { return a > most - b ? most : a + b; }
    static size_type product(size_type a, size_type b) { return b != 0 && a > most / b ? most : a * b; }
    static constexpr size_type own_bytes() { return sizeof(growing_best_fit) - sizeof(base); }

    /* The mutex, and what it protects is whole. */
    class turn {
    public:
        explicit turn(growing_best_fit &of) : all(peermap_deadline_ms(peermap_segment_at(&of))), held(of.mutex)
        {
            if (const std::uint64_t dead = of.divider.load())
                throw error(std::make_error_code(std::errc::owner_dead), detail::who(peermap_segment_at(&of), dead) + " died while it divided the segment's memory, which may be half done; remove "
                                                                                  "the segment and create it anew; recover() lets you save what is in it");
        }

    private:
        const detail::bounded all; /* what it waits for, and what is done in its turn */
        const lock held;
    };

    /* Whoever dies in here is known.  The fences are for the compiler: what is done by one thread of a process that ends is all there, or in order. */
    template <class Work> auto divide(Work work)
    {
        struct end {
            ~end()
            {
                std::atomic_signal_fence(std::memory_order_seq_cst);
                divider.store(0);
            }
            std::atomic<std::uint64_t> &divider;
        };
        divider.store(peermap_id(peermap_segment_at(this)));
        std::atomic_signal_fence(std::memory_order_seq_cst);
        const end always{ divider };
        return work();
    }

    template <class Work> void give_back(Work work)
    {
        try {
            const turn mine(*this);
            divide([&] { return work(), true; });
        } catch (const error &) {
            return;
        }
    }

    /* Tries; where there is no room adds as much as there is, up to a limit, or what is needed, and tries again. */
    template <class Attempt> auto with_room(size_type bytes, Attempt attempt)
    {
        auto got = divide(attempt);
        if (got || bytes >= most)
            return got;
        const size_type needed = sum(bytes, 4 * overhead), step = base::get_size() < step_max ? base::get_size() : step_max;
        if (extend(needed > step ? needed : step) == 0 || (needed < step && extend(needed) == 0))
            got = divide(attempt);
        return got;
    }

    /* What others have added to the segment, which nobody has divided yet, counts. */
    int extend(size_type bytes)
    {
        peermap_segment *segment = peermap_segment_at(this);
        if (!segment)
            return PEERMAP_EDETACHED;
        size_type more = peermap_size(segment) - base::get_size();
        const int rc = more < bytes ? peermap_grow(segment, bytes - more, nullptr) : 0;
        more = peermap_size(segment) - base::get_size();
        if (rc == 0)
            divide([&] { return base::grow(more), true; });
        return rc;
    }

    mutex_type mutex;
    std::atomic<std::uint64_t> divider{ 0 }; /* the attachment that is changing what the mutex protects */
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
    static bool remove(const std::string &name) { return segment::unlink(name); }

    /* What is divided now.  The memory algorithm is a base that the segment manager keeps to itself, and first in it. */
    std::size_t get_size() const { return reinterpret_cast<const Algorithm *>(this->get_segment_manager())->divided(); }
    void grow(std::size_t bytes) { this->get_segment_manager()->grow(bytes); }
    void shrink_to_fit() { this->get_segment_manager()->shrink_to_fit(); }

    /*
     * After a call has said that a process died in the middle of something: lifts the refusal, if Boost finds its list of free memory in order, so that data
     * can be saved; false otherwise.  It is no repair.  To be called by one, while the others do nothing.
     */
    bool recover()
    {
        bool whole = false;
        const detail::bounded all(peermap_deadline_ms(below.native_handle()));
        const robust_recursive_mutex::acceptance taken;
        auto look = [&] { whole = reinterpret_cast<Algorithm *>(this->get_segment_manager())->recover(); };
        this->get_segment_manager()->atomic_func(look);
        return whole;
    }

private:
    static constexpr char root[] = "boost.segment_manager";

    static options sized(options with, std::size_t size)
    {
        if (with.heap || (with.flags & PEERMAP_HEAP))
            throw error(PEERMAP_EINVAL, "Boost divides the memory of a managed_segment: it has no heap of Peermap's, which options.heap or PEERMAP_HEAP asks for");
        with.initial_size = size > segment_manager::get_min_size() ? size : segment_manager::get_min_size();
        return with;
    }

    /* One of all who come at once makes the segment manager; it is complete before the others see it. */
    void settle()
    {
        peermap_heap counted;
        if (peermap_heap_stats(below.native_handle(), &counted) == 0)
            throw error(PEERMAP_EINVAL, "the segment has a heap of its own, and no room for Boost's");
        const std::string type = root_type<segment_manager>::name();
        detail::outcome out;
        peermap_root_copy found;
        for (const detail::bounded all(begun, peermap_deadline_ms(below.native_handle())); !look_for(type, found);) {
            const auto maker = found.version != 0 ? detail::maker_of(below, root, found) : std::nullopt;
            if (maker)
                detail::wait_for_maker(below, root, found, *maker, all, out);
            out.raise();
            if (!maker)
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
        if (!detail::is_same_type(type, found.type))
            throw error(PEERMAP_ETYPE, std::string("the segment is divided by \"") + found.type + "\", not by \"" + type + '"');
        return true;
    }

    void make(const std::string &type, const peermap_root_copy &was)
    {
        detail::right one(below, root, false);
        const int rc = one.take(was, below.base(), sizeof(segment_manager));
        detail::raise(detail::code_of(rc));
        if (rc == 0) {
            if (was.version != 0 && !detail::wait_for_end(below, was))
                throw error(PEERMAP_EBUSY, "the process that was dividing the segment first is dead, but has not ended yet; repeat");
            buffer made(boost::interprocess::create_only, below.base(), below.size());
            detail::raise(detail::code_of(one.complete(sizeof(segment_manager), type)));
        }
    }

    const std::uint64_t begun = peermap_now(); /* attaching and what comes after it have one deadline */
    segment below;
};

using managed_segment = basic_managed_segment<char, growing_best_fit<>, boost::interprocess::iset_index>;

} // namespace peermap

#endif
