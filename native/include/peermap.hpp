// SPDX-License-Identifier: MIT
/*
 * peermap.hpp - peermap.h for C++17: segments that detach by themselves, containers in them, objects that are made once.
 *
 *     #include <peermap.hpp>
 *     #include <iostream>
 *
 *     int main()
 *     {
 *         auto segment = peermap::segment::open("dictionary", peermap::heap);
 *         auto *counts = segment.find_or_construct<peermap::map<peermap::string, int>>("words");    // made by whichever process comes first
 *         (*counts)["hello"]++;                                        // the segment grows when it must, in every process
 *         std::cout << counts->size() << " words\n";
 *     }
 *
 * Header only; peermap.h is the manual of everything below it.  Link with the library.
 *
 * WHERE segments lie, /dev/shm or the folder of PEERMAP_DIR, no option says, but the environment: see PLACE in peermap.h.
 *
 * A HEAP, in which objects and containers are made, a segment has if it is created with one: peermap::heap where nothing else is asked for, options.heap otherwise
 * (C++20: { .peer_name = "writer", .heap = true }).
 *
 * ERRORS.  Each function has two forms: one throws peermap::error, a std::system_error whose what() is the sentence of
 * peermap_last_error(); the other takes a std::error_code &, as in <filesystem>.  Codes are those of peermap.h: `ec == PEERMAP_ETIMEDOUT`; and, where an object is
 * made, std::errc::not_enough_memory, which the first form throws as peermap::bad_alloc.  Without exceptions: see peermap_error.hpp.  RTTI is not needed.
 *
 * OBJECTS have a name, a root of the segment, which says their type.  find_or_construct<T>() makes one among all processes, find<T>() finds it.  Arrays: find_or_construct<double[]>("prices", 1000)
 * has a type "double[1000]", as any language calls it, and is found by that length, find<double[1000]>(), or whatever its length is, find<double[]>(), as a peermap::span.
 *
 * CONTAINERS.  peermap::allocator<T> goes with the containers of the standard library, which then live in the segment and are used by every
 * peer: peermap::vector, deque, list, map, set, unordered_map, unordered_set, and those with many of a key.  What lies in shared memory must mean the same in every process:
 *
 * - An allocator holds the address at which its segment's data begins, which is one in all peers, and never a handle: each process finds its
 *   own handle by it (peermap_segment_at()).  So a process has the segment attached for as long as it touches the container.
 * - Allocators of one segment are equal; of two they are not, and none is propagated.  A container stays in its segment whatever is assigned to
 *   it: elements are copied, or moved one by one.  Containers of two segments cannot be swapped.  A copy is in the segment of the original.
 * - There is no default allocator.  The containers hand theirs on to the elements, so that `counts->emplace("hello", 1)`
 *   makes the string in the segment as well.  Where a key is a peermap::string, whatever is text stands for it: (*counts)["hello"], find(std::string), erase("x"), insert({"x", 1}).
 *   Elsewhere a string is made by emplace: `words->emplace_back("x")`, not push_back.
 * - Processes that share a container are built with the same standard library.  Not with its debug mode (_GLIBCXX_DEBUG), whose iterators
 *   are known to the container; and nothing in it has virtual functions, or pointers to anything outside the segment.  What can be seen of that at compile time is refused in one sentence.
 * - std::pmr is no way to it: a std::pmr container points to its memory_resource, whose virtual functions are at another address in each process.  Nor is std::shared_ptr, also by
 *   std::allocate_shared: it compiles, and the block in which it counts has virtual functions as well.
 * - A container knows nothing of other processes' threads.  Who changes it while others look at it needs a lock in the segment: peermap_mutex.hpp.
 *
 * DEATHS.  A container of the standard library survives a process that is killed anywhere but in the middle of changing it.  What is half changed nobody can repair, also not
 * destroy: its pointers may lead anywhere.  peermap::robust_mutex tells the next one who takes it that this may be so, and has it repaired first: where a copy of the data is, or it
 * can be counted again, begin anew in its place (the old memory is lost until the segment goes); native/examples/cxx/words.cc does that.  Or change nothing in place: build a copy
 * beside, then change one pointer or root to it; native/examples/swap.c does that, and is whole wherever it is killed.  Objects of your own, plain words without pointers, can be made to survive more.
 *
 * A process that is killed between an allocation and the store that leads to it leaves an object that nobody knows: allocate_to() allocates into a word of the segment, and objects()
 * goes over all that live, with whose they are.
 *
 * READERS (PEERMAP_READ_ONLY) find objects, and look at containers as const.  find_or_construct() finds what there is, and is PEERMAP_EREADONLY where it would have to make it; a
 * container that needs memory throws peermap::bad_alloc, which says so; and a change that needs none is a SIGSEGV, as every stray write.
 *
 * RELOCATED segments (PEERMAP_RELOCATABLE) have no objects with pointers: find_or_construct() and the like refuse them with PEERMAP_EADDR.
 */
#ifndef PEERMAP_HPP
#define PEERMAP_HPP

#include <peermap_containers.hpp>
#include <peermap_deadline.hpp>
#include <peermap_error.hpp>
#include <peermap_types.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace peermap {

namespace detail {

/* The objects that threads of this process are making or destroying, by an attachment.  A claim of its own that is not among them has been given up. */
struct making {
    std::mutex lock;
    std::set<std::string> roots;
};

struct access;

} // namespace detail

// ---- segments ----

/* As peermap_options, where 0 is the default that it has there. */
struct options {
    std::string peer_name{};
    bool heap = false; /* creation: objects and containers can be made in it; as PEERMAP_HEAP in flags */
    std::size_t initial_size = 0;
    std::size_t reserve_size = 0;
    std::size_t ahead = 0;
    std::size_t heap_step = 0;
    std::chrono::milliseconds deadline{ 0 }; /* more than UINT32_MAX is that; less than 0 is PEERMAP_EINVAL */
    std::uint32_t max_peers = 0;
    std::uint32_t max_roots = 0;
    std::uint32_t mode = 0;
    std::uint32_t flags = 0;
    std::optional<std::uint32_t> owner{}; /* the uid whose object it must be, as with PEERMAP_OWNER */
};

/* Options that ask for a heap and for nothing else: segment::open(name, peermap::heap). */
struct heap_options {
    operator options() const
    {
        options with;
        with.heap = true;
        return with;
    }
};
inline constexpr heap_options heap{};

/* The elements of an array in a segment; none, and data() is nullptr, where it was not found. */
template <class T> class span {
public:
    span() = default;
    span(T *begins, std::size_t elements) noexcept : first(begins), count(elements) {}
    [[nodiscard]] T *data() const noexcept { return first; }
    [[nodiscard]] std::size_t size() const noexcept { return count; }
    T *begin() const noexcept { return first; }
    T *end() const noexcept { return first + count; }
    T &operator[](std::size_t at) const noexcept { return first[at]; }
    explicit operator bool() const noexcept { return first != nullptr; }

private:
    T *first = nullptr;
    std::size_t count = 0;
};

namespace detail {

template <class T> constexpr bool is_open_array = std::is_array_v<T> && std::extent_v<T> == 0;

template <class T> struct used_by {
    using type = std::add_pointer_t<T>;
};
template <class T> struct used_by<T[]> {
    using type = span<T>;
};

} // namespace detail

/* What is got for an object in a segment: T *, or span<T> for T[]. */
template <class T> using object_of = typename detail::used_by<T>::type;

/* Active bytes that no shrink takes away while this lives, which is no longer than the segment does. */
class pin {
public:
    explicit pin(peermap_segment *segment) noexcept : handle(segment), bytes(peermap_pin(segment)) {}
    pin(pin &&other) noexcept : handle(std::exchange(other.handle, nullptr)), bytes(other.bytes) {}
    pin(const pin &) = delete;
    pin &operator=(const pin &) = delete;
    pin &operator=(pin &&) = delete;
    ~pin()
    {
        if (handle)
            peermap_unpin(handle);
    }
    [[nodiscard]] std::size_t size() const noexcept { return bytes; }

private:
    peermap_segment *handle;
    std::size_t bytes;
};

/* One attachment, detached at the end.  Moved, not copied. */
class segment {
public:
    segment() = default;
    segment(segment &&other) noexcept : handle(std::exchange(other.handle, nullptr)), may_move(other.may_move), making(other.making) {}
    segment &operator=(segment &&other) noexcept
    {
        segment taken(std::move(other));
        std::swap(handle, taken.handle);
        std::swap(may_move, taken.may_move);
        std::swap(making, taken.making);
        return *this;
    }
    ~segment() { detach(); }

    [[nodiscard]] static segment create(const std::string &name, const options &with = {}) { return thrown(&peermap_create, name, with); }
    [[nodiscard]] static segment create(const std::string &name, const options &with, std::error_code &ec) { return entered(&peermap_create, name, with, ec); }
    [[nodiscard]] static segment attach(const std::string &name, const options &with = {}) { return thrown(&peermap_attach, name, with); }
    [[nodiscard]] static segment attach(const std::string &name, const options &with, std::error_code &ec) { return entered(&peermap_attach, name, with, ec); }
    [[nodiscard]] static segment open(const std::string &name, const options &with = {}) { return thrown(&peermap_open, name, with); }
    [[nodiscard]] static segment open(const std::string &name, const options &with, std::error_code &ec) { return entered(&peermap_open, name, with, ec); }

    /* Removes the name of a segment, as peermap_unlink().  False if there is none. */
    static bool unlink(const std::string &name)
    {
        std::error_code ec;
        bool removed = unlink(name, ec);
        detail::raise(ec);
        return removed;
    }
    static bool unlink(const std::string &name, std::error_code &ec)
    {
        int rc = peermap_unlink(name.c_str());
        ec = rc == PEERMAP_ENOENT ? std::error_code() : detail::code_of(rc);
        return rc == 0;
    }

    void detach() noexcept { peermap_detach(std::exchange(handle, nullptr)); }
    explicit operator bool() const noexcept { return handle != nullptr; }
    [[nodiscard]] peermap_segment *native_handle() const noexcept { return handle; }

    [[nodiscard]] void *base() const noexcept { return peermap_base(handle); }
    [[nodiscard]] std::size_t size() const noexcept { return peermap_size(handle); }
    [[nodiscard]] std::size_t page_size() const noexcept { return peermap_page_size(handle); }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return peermap_epoch(handle); }
    [[nodiscard]] peermap::pin pin() const noexcept { return peermap::pin(handle); }

    /* Copies, where a touch would be a SIGBUS if the object was cut short from outside: PEERMAP_ELOST. */
    void read(std::size_t offset, void *bytes, std::size_t length) const { thrown_wait(peermap_read(handle, offset, bytes, length)); }
    void read(std::size_t offset, void *bytes, std::size_t length, std::error_code &ec) const noexcept
    {
        waited(peermap_read(handle, offset, bytes, length), ec);
    }
    void write(std::size_t offset, const void *bytes, std::size_t length) { thrown_wait(peermap_write(handle, offset, bytes, length)); }
    void write(std::size_t offset, const void *bytes, std::size_t length, std::error_code &ec) noexcept
    {
        waited(peermap_write(handle, offset, bytes, length), ec);
    }

    peermap_round grow(std::size_t by) { return thrown_round(&peermap_grow, by); }
    peermap_round grow(std::size_t by, std::error_code &ec) noexcept { return round(&peermap_grow, by, ec); }
    /* At least so large; nothing is done where it is already, and of all who see the need at once one makes the growth. */
    peermap_round grow_to(std::size_t bytes) { return thrown_round(&peermap_grow_to, bytes); }
    peermap_round grow_to(std::size_t bytes, std::error_code &ec) noexcept { return round(&peermap_grow_to, bytes, ec); }
    peermap_round shrink(std::size_t by) { return thrown_round(&peermap_shrink, by); }
    peermap_round shrink(std::size_t by, std::error_code &ec) noexcept { return round(&peermap_shrink, by, ec); }
    peermap_round remap(pid_t pid = 0) { return thrown_round(&peermap_remap, pid); }
    peermap_round remap(pid_t pid, std::error_code &ec) noexcept { return round(&peermap_remap, pid, ec); }
    peermap_round map_peer(pid_t pid = 0) { return thrown_round(&peermap_map_peer, pid); }
    peermap_round map_peer(pid_t pid, std::error_code &ec) noexcept { return round(&peermap_map_peer, pid, ec); }

    [[nodiscard]] std::vector<peermap_peer> peers() const { return thrown_rows(&peermap_peers); }
    [[nodiscard]] std::vector<peermap_peer> peers(std::error_code &ec) const { return rows(&peermap_peers, ec); }
    [[nodiscard]] pid_t pid_of(const std::string &peer) const noexcept { return peermap_pid_of(handle, peer.c_str()); }

    /* Whether no thread of that peer's process can touch the memory any more. */
    [[nodiscard]] bool peer_ended(const peermap_peer &peer) const { return thrown_wait(peermap_peer_ended(handle, &peer)) == 1; }
    [[nodiscard]] bool peer_ended(const peermap_peer &peer, std::error_code &ec) const noexcept { return waited(peermap_peer_ended(handle, &peer), ec) == 1; }
    /* Waits for that; false if it was not so by the deadline (0: the segment's; less than that: without waiting). */
    [[nodiscard]] bool wait_ended(const peermap_peer &peer, std::chrono::milliseconds deadline = {}) const
    {
        const detail::bounded all(deadline, handle);
        return thrown_wait(peermap_wait_ended(handle, &peer, detail::whole_ms(deadline))) == 1;
    }
    [[nodiscard]] bool wait_ended(const peermap_peer &peer, std::chrono::milliseconds deadline, std::error_code &ec) const noexcept
    {
        const detail::bounded all(deadline, handle);
        return waited(peermap_wait_ended(handle, &peer, detail::whole_ms(deadline)), ec) == 1;
    }

    /*
     * Waits until the root's version is another than this (0: until there is such a root), and copies it; nothing if it was not so by the deadline
     * (0: the segment's; less than that: without waiting).  The root of an object that is being made is there already, see find().
     */
    std::optional<peermap_root_copy> wait_root(const std::string &name, std::uint64_t version = 0, std::chrono::milliseconds deadline = {}) const
    {
        std::error_code ec;
        auto root = wait_root(name, version, deadline, ec);
        detail::raise(ec);
        return root;
    }
    std::optional<peermap_root_copy> wait_root(const std::string &name, std::uint64_t version, std::chrono::milliseconds deadline,
                                               std::error_code &ec) const noexcept
    {
        peermap_root_copy root;
        const detail::bounded all(deadline, handle);
        const int rc = waited(peermap_wait_root(handle, name.c_str(), version, detail::whole_ms(deadline), &root), ec);
        return rc == 0 ? std::optional<peermap_root_copy>(root) : std::nullopt;
    }

    /* All roots, in no order.  The root of an object that is being made is among them, with a type that says so: see find(). */
    [[nodiscard]] std::vector<peermap_root_row> roots() const { return thrown_rows(&peermap_roots); }
    [[nodiscard]] std::vector<peermap_root_row> roots(std::error_code &ec) const { return rows(&peermap_roots, ec); }

    /*
     * Waits until any root changes: until the number of changes is another than `changes`, which it then is; false if it was not so by the deadline (0: the segment's; less than that: without
     * waiting).  Begin with 0, which is over at once unless there was never a root, and look at the roots after each return.
     */
    bool wait_roots(std::uint64_t &changes, std::chrono::milliseconds deadline = {}) const
    {
        const detail::bounded all(deadline, handle);
        return thrown_wait(peermap_wait_roots(handle, &changes, detail::whole_ms(deadline))) == 0;
    }
    bool wait_roots(std::uint64_t &changes, std::chrono::milliseconds deadline, std::error_code &ec) const noexcept
    {
        const detail::bounded all(deadline, handle);
        return waited(peermap_wait_roots(handle, &changes, detail::whole_ms(deadline)), ec) == 0;
    }

    /*
     * Waits until a word of the segment is another than `value`, for which whoever changes it calls notify(); false if it was not so by the deadline (0: the segment's; less than that: without
     * waiting).  The word stays in the active memory meanwhile.
     */
    bool wait(const std::atomic<std::uint32_t> &word, std::uint32_t value, std::chrono::milliseconds deadline = {}) const
    {
        const detail::bounded all(deadline, handle);
        return thrown_wait(peermap_wait(handle, plain(word), value, detail::whole_ms(deadline))) == 0;
    }
    bool wait(const std::atomic<std::uint32_t> &word, std::uint32_t value, std::chrono::milliseconds deadline, std::error_code &ec) const noexcept
    {
        const detail::bounded all(deadline, handle);
        return waited(peermap_wait(handle, plain(word), value, detail::whole_ms(deadline)), ec) == 0;
    }
    /* Wakes up to so many that wait for it; how many. */
    int notify(const std::atomic<std::uint32_t> &word, int count = std::numeric_limits<int>::max()) const { return thrown_wait(peermap_notify(handle, plain(word), count)); }
    int notify(const std::atomic<std::uint32_t> &word, int count, std::error_code &ec) const noexcept { return waited(peermap_notify(handle, plain(word), count), ec); }

    /*
     * Goes over all live objects of the heap, in the order of addresses: for (const peermap_object &object : segment.objects()).  To find what nothing leads to any more.  What is allocated or
     * freed meanwhile is met or not.  The second form ends where it fails, and says why in `ec`, which is there for as long as that goes on.
     */
    class object_range;
    [[nodiscard]] object_range objects() const noexcept;
    [[nodiscard]] object_range objects(std::error_code &ec) const noexcept;

    /*
     * Zeroes of the heap, whose address is put into `slot`, a word of the segment that is nullptr, so that there is no moment at which a death loses them; std::errc::file_exists if the slot is
     * taken.  Nothing is constructed: it is for plain words.  Or their offset in the data, where 0 is none.
     */
    template <class T> T *allocate_to(T *&slot, std::size_t count = 1)
    {
        detail::outcome out;
        T *got = allocated_to(slot, count, out);
        out.raise();
        return got;
    }
    template <class T> T *allocate_to(T *&slot, std::size_t count, std::error_code &ec)
    {
        detail::outcome out;
        T *got = allocated_to(slot, count, out);
        ec = out.code;
        return got;
    }
    std::uint64_t allocate_offset_to(std::uint64_t &slot, std::size_t bytes)
    {
        const std::uint64_t got = peermap_alloc_offset_to(handle, &slot, bytes);
        if (got == 0)
            detail::no_memory().raise();
        return got;
    }
    std::uint64_t allocate_offset_to(std::uint64_t &slot, std::size_t bytes, std::error_code &ec)
    {
        const std::uint64_t got = peermap_alloc_offset_to(handle, &slot, bytes);
        ec = got != 0 ? std::error_code() : detail::no_memory().code;
        return got;
    }

    /* Raw memory of the heap.  peermap::bad_alloc; or nullptr, with std::errc::not_enough_memory, or PEERMAP_EINVAL where there is no heap. */
    [[nodiscard]] void *allocate(std::size_t bytes, std::size_t alignment = 16)
    {
        void *got = memory(bytes, alignment);
        if (!got)
            detail::toss(bad_alloc(detail::no_memory().why.c_str()));
        return got;
    }
    [[nodiscard]] void *allocate(std::size_t bytes, std::size_t alignment, std::error_code &ec)
    {
        void *got = memory(bytes, alignment);
        ec = got ? std::error_code() : detail::no_memory().code;
        return got;
    }
    void deallocate(void *pointer) noexcept { peermap_free(handle, pointer); }

    /*
     * Makes an object that has no name, of these arguments, and of an allocator of this segment if it takes one: a T *; or, for T[], as many as the first argument says, each of the others: a
     * span<T>.  deconstruct() destroys it, in any process.  What it fails by is as with find_or_construct().
     */
    template <class T, class... Arguments> [[nodiscard]] object_of<T> construct(Arguments &&...arguments);
    template <class T, class... Arguments> [[nodiscard]] object_of<T> construct(std::error_code &ec, Arguments &&...arguments);
    template <class T> void deconstruct(T *object) noexcept;
    template <class T> void deconstruct(span<T> objects) noexcept;

    /*
     * The object of this name, or nullptr if there is none, or none that is complete.  PEERMAP_ETYPE if it is of another type.  An array of any length is found as T[]: a span, which
     * is false where there is none.
     */
    template <class T> [[nodiscard]] object_of<T> find(const std::string &name) const;
    template <class T> [[nodiscard]] object_of<T> find(const std::string &name, std::error_code &ec) const;
    /* Waits until there is one that is complete; nullptr if there was none by the deadline (0: the segment's; less than that: without waiting). */
    template <class T> [[nodiscard]] object_of<T> wait_for(const std::string &name, std::chrono::milliseconds deadline = {}) const;
    template <class T> [[nodiscard]] object_of<T> wait_for(const std::string &name, std::chrono::milliseconds deadline, std::error_code &ec) const;

    /*
     * The object of this name; made of these arguments, and of an allocator of this segment if it takes one, where there is none.  Of any
     * number of processes and threads one makes it, and the others wait for that, and nobody sees it before it is complete.  If its constructor
     * throws, or the process ends in it, the next one makes it.  What the constructor throws is thrown here, also by the second form.
     * PEERMAP_EBUSY, with the name of the maker, if that lives and has not made it by the deadline, which is one for the whole call, without the time that the
     * constructor takes.  PEERMAP_EINVAL if the segment has no heap.
     * For T[] the first argument is how many, and each is made of the others: find_or_construct<double[]>("prices", 1000); PEERMAP_ETYPE if there are more or fewer.
     */
    template <class T, class... Arguments> object_of<T> find_or_construct(const std::string &name, Arguments &&...arguments);
    template <class T, class... Arguments> object_of<T> find_or_construct(const std::string &name, std::error_code &ec, Arguments &&...arguments);

    /* Destroys the object of this name; false if there is none.  Nobody else may be using it. */
    template <class T> bool destroy(const std::string &name);
    template <class T> bool destroy(const std::string &name, std::error_code &ec);

private:
    using entry = int(const char *, const peermap_options *, peermap_segment **);

    static segment entered(entry *enter, const std::string &name, const options &with, std::error_code &ec)
    {
        peermap_options plain;
        std::memset(&plain, 0, sizeof plain);
        plain.struct_size = sizeof plain;
        plain.peer_name = with.peer_name.empty() ? nullptr : with.peer_name.c_str();
        plain.initial_size = with.initial_size;
        plain.reserve_size = with.reserve_size;
        plain.ahead = with.ahead;
        plain.heap_step = with.heap_step;
        plain.deadline_ms = detail::whole_ms(with.deadline);
        plain.max_peers = with.max_peers;
        plain.max_roots = with.max_roots;
        plain.mode = with.mode;
        plain.flags = with.flags;
        if (with.owner)
            plain.flags |= PEERMAP_OWNER;
        if (with.heap)
            plain.flags |= PEERMAP_HEAP;
        plain.owner = with.owner.value_or(0);
        segment made;
        if (with.deadline.count() < 0) {
            ec = make_error_code(PEERMAP_EINVAL);
            return made;
        }
        made.may_move = (with.flags & PEERMAP_RELOCATABLE) != 0;
        ec = detail::code_of(enter(name.c_str(), &plain, &made.handle));
        return made;
    }
    static segment thrown(entry *enter, const std::string &name, const options &with)
    {
        std::error_code ec;
        segment made = entered(enter, name, with, ec);
        if (with.deadline.count() < 0)
            detail::toss(error(ec, "options.deadline is " + std::to_string(with.deadline.count()) + " ms; 0 is the default"));
        if (ec)
            detail::toss(error(ec, detail::in_own_words(peermap_last_error())));
        return made;
    }

    static int waited(int rc, std::error_code &ec) noexcept
    {
        ec = detail::code_of(rc);
        return rc;
    }
    static int thrown_wait(int rc)
    {
        detail::raise(detail::code_of(rc));
        return rc;
    }

    template <class Row> std::vector<Row> rows(int (*list)(peermap_segment *, Row *, int), std::error_code &ec) const
    {
        std::vector<Row> all;
        for (int count = 16; all.size() < static_cast<std::size_t>(count);) { /* others may have come meanwhile */
            all.resize(static_cast<std::size_t>(count));
            count = list(handle, all.data(), count);
            ec = detail::code_of(count);
            if (count <= static_cast<int>(all.size())) {
                all.resize(static_cast<std::size_t>(count < 0 ? 0 : count));
                break;
            }
        }
        return all;
    }
    template <class Row> std::vector<Row> thrown_rows(int (*list)(peermap_segment *, Row *, int)) const
    {
        std::error_code ec;
        auto all = rows(list, ec);
        detail::raise(ec);
        return all;
    }

    static const std::uint32_t *plain(const std::atomic<std::uint32_t> &word) noexcept
    {
        static_assert(sizeof word == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
        return reinterpret_cast<const std::uint32_t *>(&word);
    }

    template <class What> peermap_round round(int (*run)(peermap_segment *, What, peermap_round *), What what, std::error_code &ec) noexcept
    {
        peermap_round report;
        std::memset(&report, 0, sizeof report);
        ec = detail::code_of(run(handle, what, &report));
        return report;
    }
    template <class What> peermap_round thrown_round(int (*run)(peermap_segment *, What, peermap_round *), What what)
    {
        std::error_code ec;
        peermap_round report = round(run, what, ec);
        detail::raise(ec);
        return report;
    }

    void *memory(std::size_t bytes, std::size_t alignment) noexcept
    {
        return alignment <= 16 ? peermap_alloc(handle, bytes) : peermap_aligned_alloc(handle, alignment, bytes);
    }

    template <class T> T *allocated_to(T *&slot, std::size_t count, detail::outcome &out)
    {
        static_assert(std::is_trivially_destructible_v<T> && (std::is_aggregate_v<T> || std::is_trivially_default_constructible_v<T>) && alignof(T) <= 16,
                      "peermap: allocate_to() constructs nothing; it is for plain words, zeroes at first");
        detail::check_shared<T>();
        T *got = nullptr;
        if (count <= static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T))
            got = static_cast<T *>(peermap_alloc_to(handle, reinterpret_cast<void **>(&slot), count * sizeof(T)));
        else
            errno = ENOMEM;
        if (!got)
            out = detail::no_memory();
        return got;
    }

    template <class T> object_of<T> found(const std::string &name, detail::outcome &out) const;
    template <class T> object_of<T> awaited(const std::string &name, std::chrono::milliseconds deadline, detail::outcome &out) const;
    template <class T, class Making> object_of<T> obtained(const std::string &name, const Making &make, detail::outcome &out);
    template <class T, class Making> object_of<T> constructed(const Making &make, detail::outcome &out);
    template <class T> bool destroyed(const std::string &name, detail::outcome &out);

    peermap_segment *handle = nullptr;
    bool may_move = false;
    std::shared_ptr<detail::making> making = std::make_shared<detail::making>();
    friend struct detail::access;
};

/* What segment::objects() goes over. */
class segment::object_range {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = peermap_object;
        using difference_type = std::ptrdiff_t;
        using pointer = const peermap_object *;
        using reference = const peermap_object &;

        reference operator*() const noexcept { return object; }
        pointer operator->() const noexcept { return &object; }
        iterator &operator++()
        {
            const int rc = peermap_next_object(of->handle, &cursor, &object);
            if (of->ec)
                *of->ec = detail::code_of(rc);
            else
                detail::raise(detail::code_of(rc));
            if (rc != 1)
                of = nullptr;
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator &a, const iterator &b) noexcept { return a.of == b.of && (!a.of || a.cursor == b.cursor); }
        friend bool operator!=(const iterator &a, const iterator &b) noexcept { return !(a == b); }

    private:
        friend class object_range;
        const object_range *of = nullptr;
        std::uint64_t cursor = 0;
        peermap_object object{};
    };

    iterator begin() const
    {
        iterator first;
        first.of = this;
        return ++first;
    }
    iterator end() const noexcept { return {}; }

private:
    friend class segment;
    object_range(peermap_segment *in, std::error_code *into) noexcept : handle(in), ec(into) {}
    peermap_segment *handle;
    std::error_code *ec;
};

inline segment::object_range segment::objects() const noexcept { return { handle, nullptr }; }
inline segment::object_range segment::objects(std::error_code &ec) const noexcept { return { handle, &ec }; }

template <class T> allocator<T>::allocator(const segment &of) noexcept : base(of.base()) {}

// ---- objects ----

namespace detail {

/* The type that a root has while its object is made or destroyed: it says by whom. */
constexpr char claim[] = "under construction #";

inline std::string hexadecimal(std::uint64_t number)
{
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
}

inline bool is_claim(const peermap_root_copy &root) noexcept { return std::strncmp(root.type, claim, sizeof claim - 1) == 0; }

inline std::uint64_t claimant(const peermap_root_copy &root) noexcept { return std::strtoull(root.type + sizeof claim - 1, nullptr, 16); }

struct access {
    static making &of(const segment &in) noexcept { return *in.making; }
};

/* Whether a thread of this process is at work on the root.  Not to be asked in a child, where nobody lets go of the lock. */
inline bool is_making(const segment &in, const std::string &name)
{
    making &own = access::of(in);
    const std::lock_guard<std::mutex> held(own.lock);
    return own.roots.count(name) != 0;
}

/* The peer whose claim this is, if it lives and is still at it.  If that cannot be found out, somebody with no name. */
inline std::optional<peermap_peer> maker_of(const segment &in, const std::string &name, const peermap_root_copy &root)
{
    std::error_code ec;
    for (const peermap_peer &peer : in.peers(ec))
        if (peer.state != PEERMAP_DEAD && peer.id == claimant(root))
            return peer.id != peermap_id(in.native_handle()) || is_making(in, name) ? std::optional<peermap_peer>(peer) : std::nullopt;
    return ec ? std::optional<peermap_peer>(peermap_peer{}) : std::nullopt;
}

/*
 * The right to make or to destroy the object of one root: the root itself, with a type that says who has it.  Of all who try to get it one
 * succeeds, because a root is only replaced if it is what it was.  Given back at the end, if it has not become an object: then it is gone, and its
 * memory is free.  Who dies with it leaves both to the next one; and so does who cannot give it back because the registry is held up.
 */
class right {
public:
    right(segment &of, const std::string &root, bool is_of_heap = true) : in(of), name(root), of_heap(is_of_heap) {}
    right(const right &) = delete;
    right &operator=(const right &) = delete;
    ~right()
    {
        if (memory && peermap_compare_exchange_root(in.native_handle(), name.c_str(), &version, nullptr, 0, nullptr) == 0 && of_heap)
            in.deallocate(memory);
        stop();
    }

    /* 0; 1 if somebody else was first, or an error: then `block` is still the caller's. */
    int take(const peermap_root_copy &was, void *block, std::size_t size)
    {
        const std::uint64_t id = peermap_id(in.native_handle());
        if (id == 0)
            return PEERMAP_EDETACHED;
        if (!begin())
            return 1;
        version = was.version;
        const int rc = peermap_compare_exchange_root(in.native_handle(), name.c_str(), &version, block, size, (claim + hexadecimal(id)).c_str());
        if (rc == 0)
            memory = block;
        return rc;
    }

    void *place() const noexcept { return memory; }

    /* What is in the memory is the root's from now on. */
    int complete(std::size_t size, const std::string &type)
    {
        const int rc = peermap_compare_exchange_root(in.native_handle(), name.c_str(), &version, memory, size, type.c_str());
        if (rc != PEERMAP_EBUSY)
            memory = nullptr;
        return rc == 1 ? PEERMAP_EDETACHED : rc; /* taken for dead: detached by another thread */
    }

private:
    bool begin()
    {
        making &own = access::of(in);
        const std::lock_guard<std::mutex> held(own.lock);
        begun = own.roots.insert(name).second;
        return begun;
    }
    void stop() noexcept
    {
        if (!begun || peermap_id(in.native_handle()) == 0) /* in a child the lock may be held for ever */
            return;
        making &own = access::of(in);
        const std::lock_guard<std::mutex> held(own.lock);
        own.roots.erase(name);
    }

    segment &in;
    std::string name;
    bool of_heap;
    bool begun = false;
    void *memory = nullptr;
    std::uint64_t version = 0;
};

template <class T, class... Arguments> void make_one(segment &in, T *place, Arguments &&...arguments)
{
    using given = allocator<std::byte>;
    void *const memory = const_cast<std::remove_cv_t<T> *>(place);
    if constexpr (std::uses_allocator_v<T, given> && std::is_constructible_v<T, std::allocator_arg_t, given, Arguments...>)
        ::new (memory) T(std::allocator_arg, given(in), std::forward<Arguments>(arguments)...);
    else if constexpr (std::uses_allocator_v<T, given> && std::is_constructible_v<T, Arguments..., given>)
        ::new (memory) T(std::forward<Arguments>(arguments)..., given(in));
    else if constexpr (!std::is_constructible_v<T, Arguments...> && std::is_constructible_v<T, Arguments..., given>)
        ::new (memory) T(std::forward<Arguments>(arguments)..., given(in));
    else
        ::new (memory) T(std::forward<Arguments>(arguments)...);
}

/* So many elements, or none if a constructor throws. */
template <class T, class... Arguments> void make_all(segment &in, T *place, std::size_t count, const Arguments &...arguments)
{
    struct partly {
        ~partly()
        {
            if (done < count)
                std::destroy_n(first, done);
        }
        T *first;
        std::size_t count, done;
    };
    for (partly made{ place, count, 0 }; made.done < count; made.done++)
        make_one(in, place + made.done, arguments...);
}

/* How the object of a type is made: of how many elements, which are no arrays themselves, and of what. */
template <class T, class Make> struct making_of {
    using element = std::remove_all_extents_t<std::remove_reference_t<T>>;
    static constexpr std::size_t in_one = sizeof(std::conditional_t<is_open_array<T>, std::remove_extent_t<T>, T>) / sizeof(element); /* elements in one of `count` */
    std::size_t count;
    Make make;

    bool fits() const noexcept { return count <= static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / (in_one * sizeof(element)); }
    std::size_t size() const noexcept { return count * in_one * sizeof(element); }
    void operator()(segment &in, void *memory) const { make(in, static_cast<element *>(memory), count * in_one); }
};

template <class T, class Make> making_of<T, Make> counted(std::size_t count, Make make) { return { count, make }; }

template <class T, class Count, class... Arguments> auto making_by_count(Count count, const Arguments &...arguments)
{
    static_assert(std::is_integral_v<Count>, "peermap: of T[] the first argument is how many: find_or_construct<double[]>(\"prices\", 1000)");
    std::size_t all = std::numeric_limits<std::size_t>::max();
    if constexpr (std::is_integral_v<Count>) {
        if (std::is_unsigned_v<Count> || count >= 0)
            all = static_cast<std::size_t>(count);
    }
    return counted<T>(all, [&](segment &in, std::remove_all_extents_t<T> *place, std::size_t elements) { make_all(in, place, elements, arguments...); });
}

template <class T, class... Arguments> auto making_by(Arguments &&...arguments)
{
    using element = std::remove_all_extents_t<std::remove_reference_t<T>>;
    if constexpr (is_open_array<T>)
        return making_by_count<T>(std::forward<Arguments>(arguments)...);
    else if constexpr (std::is_array_v<T>)
        return counted<T>(1, [&](segment &in, element *place, std::size_t all) { make_all(in, place, all, arguments...); });
    else
        return counted<T>(1, [&](segment &in, element *place, std::size_t) { make_one(in, place, std::forward<Arguments>(arguments)...); });
}

/* What is in a segment, as the caller uses it. */
template <class T> object_of<T> object_at(void *pointer, std::size_t size) noexcept
{
    if constexpr (is_open_array<T>)
        return pointer ? object_of<T>(static_cast<std::remove_extent_t<T> *>(pointer), size / sizeof(std::remove_extent_t<T>)) : object_of<T>();
    else
        return static_cast<object_of<T>>(pointer);
}

template <class T> void wreck(void *pointer, std::size_t size) noexcept
{
    using element = std::remove_all_extents_t<std::remove_reference_t<T>>;
    std::destroy_n(static_cast<element *>(pointer), size / sizeof(element));
}

/* "double[1000]" of a double[], where that many are there. */
template <class T> std::string name_of(std::size_t size)
{
    if constexpr (is_open_array<T>)
        return type_name<std::remove_cv_t<std::remove_all_extents_t<T>>>() + '[' + std::to_string(size / sizeof(std::remove_extent_t<T>)) + ']' +
               extents<std::remove_extent_t<T>>();
    else
        return root_type<std::remove_cv_t<T>>::name();
}

/* Whether a root is of the type. */
template <class T> bool is_of(const peermap_root_copy &root)
{
    if constexpr (is_open_array<T>)
        return root.size % sizeof(std::remove_extent_t<T>) == 0 && is_same_type(fitted(name_of<T>(root.size)), root.type);
    else
        return root.size == sizeof(T) && is_same_type(name_of<T>(root.size), root.type);
}

/* What a root is, and is not. */
inline void set_other_type(outcome &out, const std::string &name, const peermap_root_copy &root, const std::string &asked, std::size_t size)
{
    std::string why = "root \"" + name + "\" ";
    if (root.type[0] == 0)
        why += "has no type, and so is not \"" + asked + '"';
    else if (is_same_type(root.type, asked))
        why += "is \"" + std::string(root.type) + "\" of " + std::to_string(root.size) + " bytes, not of " + std::to_string(size);
    else
        why += "is \"" + std::string(root.type) + "\", not \"" + asked + '"';
    out.set(make_error_code(PEERMAP_ETYPE), why);
}

template <class T> constexpr std::size_t size_of() noexcept { return sizeof(std::conditional_t<is_open_array<T>, std::remove_extent_t<T>, T>); }

/* 0, or what is wrong, and the root; with version 0 or a claim if there is no object. */
template <class T> bool look(const segment &in, bool may_move, const std::string &name, peermap_root_copy &root, outcome &out)
{
    if (may_move) {
        out.set(make_error_code(PEERMAP_EADDR), "root \"" + name + "\": a segment that may be relocated has no objects with pointers");
        return false;
    }
    out.set(peermap_read_root(in.native_handle(), name.c_str(), &root));
    if (!out && root.version != 0 && !is_claim(root) && !is_of<T>(root))
        set_other_type(out, name, root, is_open_array<T> ? type_name<std::remove_all_extents_t<T>>() + extents<T>() : name_of<T>(root.size), size_of<T>());
    return !out && root.version != 0 && !is_claim(root);
}

/* Waits for who has a claim, a little.  1: look again; or that it takes too long. */
inline int wait_for_maker(const segment &in, const std::string &name, const peermap_root_copy &was, const peermap_peer &maker, const bounded &all, outcome &out)
{
    if (all.is_over()) {
        out.set(make_error_code(PEERMAP_EBUSY), "root \"" + name + "\" is being made or destroyed by " + maker.name + " (pid " + std::to_string(maker.pid) +
                                                    "), which has not done so by the deadline; if that is stopped or held by a debugger, let it go on, and repeat");
        return PEERMAP_EBUSY;
    }
    peermap_root_copy now;
    const int rc = peermap_wait_root(in.native_handle(), name.c_str(), was.version, slice_ms, &now);
    out.set(rc);
    return rc < 0 ? rc : 1;
}

/* Whether nobody writes any more where this peer, who is dead, had claimed memory. */
inline bool wait_for_end(const segment &in, const peermap_root_copy &was) noexcept
{
    peermap_peer dead;
    std::memset(&dead, 0, sizeof dead);
    dead.id = claimant(was);
    return dead.id == peermap_id(in.native_handle()) || peermap_wait_ended(in.native_handle(), &dead, 0) == 1;
}

/* Who only reads makes no object; that it cannot is said by the call that would have changed the first root. */
inline int may_make(const segment &in, const std::string &name, const peermap_root_copy &was) noexcept
{
    std::uint64_t version = was.version;
    return peermap_flags(in.native_handle()) & PEERMAP_READ_ONLY ? peermap_compare_exchange_root(in.native_handle(), name.c_str(), &version, nullptr, 0, nullptr) : 0;
}

/* The right to make the object, with memory for it.  1 if that is another's now, or an error. */
inline int begin(segment &in, right &one, const std::string &name, const peermap_root_copy &was, std::size_t size, std::size_t alignment, const bounded &all, outcome &out)
{
    if (was.version != 0)
        if (const auto maker = maker_of(in, name, was))
            return wait_for_maker(in, name, was, *maker, all, out);
    if (const int may = may_make(in, name, was)) {
        out.set(may);
        return may;
    }
    void *block = in.allocate(size, alignment, out.code);
    if (!block) {
        out = no_memory();
        return PEERMAP_ENOSPC;
    }
    const int rc = one.take(was, block, size);
    out.set(rc);
    if (rc != 0)
        in.deallocate(block);
    if (rc == 1 && all.is_over()) {
        out.set(make_error_code(PEERMAP_EBUSY), "root \"" + name + "\" is being made or destroyed by others, who have not done so by the deadline");
        return PEERMAP_EBUSY;
    }
    if (rc == 1) {
        peermap_root_copy now; /* another thread of this process may have the right, and not the root yet */
        (void)peermap_wait_root(in.native_handle(), name.c_str(), was.version, slice_ms, &now);
    }
    /* What the dead one made nobody has seen.  But its threads may run on for a moment, and write there; where that does not end, it is lost. */
    if (rc == 0 && was.version != 0 && wait_for_end(in, was))
        in.deallocate(was.pointer);
    return rc;
}

} // namespace detail

template <class T> object_of<T> segment::found(const std::string &name, detail::outcome &out) const
{
    detail::check_root<T>();
    peermap_root_copy root;
    return detail::look<T>(*this, may_move, name, root, out) ? detail::object_at<T>(root.pointer, root.size) : object_of<T>();
}

template <class T> object_of<T> segment::awaited(const std::string &name, std::chrono::milliseconds deadline, detail::outcome &out) const
{
    detail::check_root<T>();
    for (const detail::bounded all(deadline, handle);;) {
        peermap_root_copy root;
        if (detail::look<T>(*this, may_move, name, root, out))
            return detail::object_at<T>(root.pointer, root.size);
        if (out || all.is_over())
            return object_of<T>();
        (void)peermap_wait_root(handle, name.c_str(), root.version, 0, &root);
    }
}

template <class T, class Making> object_of<T> segment::obtained(const std::string &name, const Making &make, detail::outcome &out)
{
    for (detail::bounded all(peermap_deadline_ms(handle));;) {
        peermap_root_copy root;
        if (detail::look<T>(*this, may_move, name, root, out)) {
            if (detail::is_open_array<T> && root.size != make.size())
                detail::set_other_type(out, name, root, detail::name_of<T>(make.size()), make.size());
            return out ? object_of<T>() : detail::object_at<T>(root.pointer, root.size);
        }
        if (!out && !make.fits())
            out.set(std::make_error_code(std::errc::not_enough_memory), "root \"" + name + "\": so many elements are more than there are addresses");
        if (out)
            return object_of<T>();
        detail::right one(*this, name);
        int rc = detail::begin(*this, one, name, root, make.size(), alignof(typename Making::element), all, out);
        if (rc == 1)
            continue;
        if (rc < 0)
            return object_of<T>();
        void *const place = one.place();
        all.aside([&] { make(*this, place); });
        rc = one.complete(make.size(), detail::fitted(detail::name_of<T>(make.size())));
        out.set(rc);
        if (rc == PEERMAP_EBUSY)
            detail::wreck<T>(place, make.size());
        return rc == 0 ? detail::object_at<T>(place, make.size()) : object_of<T>();
    }
}

template <class T, class Making> object_of<T> segment::constructed(const Making &make, detail::outcome &out)
{
    struct freed_unless_made {
        ~freed_unless_made() { in.deallocate(block); }
        segment &in;
        void *block;
    };
    if (may_move)
        out.set(make_error_code(PEERMAP_EADDR), "a segment that may be relocated has no objects with pointers");
    else if (!make.fits())
        out.set(std::make_error_code(std::errc::not_enough_memory), "so many elements are more than there are addresses");
    if (out)
        return object_of<T>();
    freed_unless_made memory_of{ *this, memory(make.size(), alignof(typename Making::element)) };
    if (!memory_of.block) {
        out = detail::no_memory();
        return object_of<T>();
    }
    make(*this, memory_of.block);
    return detail::object_at<T>(std::exchange(memory_of.block, nullptr), make.size());
}

template <class T> bool segment::destroyed(const std::string &name, detail::outcome &out)
{
    detail::check_root<T>();
    peermap_root_copy root;
    detail::bounded all(peermap_deadline_ms(handle));
    if (!detail::look<T>(*this, may_move, name, root, out))
        return false;
    detail::right one(*this, name);
    const int rc = one.take(root, root.pointer, root.size);
    out.set(rc);
    if (rc != 0)
        return false;
    all.aside([&] { detail::wreck<T>(root.pointer, root.size); });
    return true;
}

template <class T> object_of<T> segment::find(const std::string &name, std::error_code &ec) const
{
    detail::outcome out;
    const auto object = found<T>(name, out);
    ec = out.code;
    return object;
}

template <class T> object_of<T> segment::find(const std::string &name) const
{
    detail::outcome out;
    const auto object = found<T>(name, out);
    out.raise();
    return object;
}

template <class T> object_of<T> segment::wait_for(const std::string &name, std::chrono::milliseconds deadline, std::error_code &ec) const
{
    detail::outcome out;
    const auto object = awaited<T>(name, deadline, out);
    ec = out.code;
    return object;
}

template <class T> object_of<T> segment::wait_for(const std::string &name, std::chrono::milliseconds deadline) const
{
    detail::outcome out;
    const auto object = awaited<T>(name, deadline, out);
    out.raise();
    return object;
}

template <class T, class... Arguments> object_of<T> segment::find_or_construct(const std::string &name, std::error_code &ec, Arguments &&...arguments)
{
    detail::check_root<T>();
    detail::outcome out;
    const auto object = obtained<T>(name, detail::making_by<T>(std::forward<Arguments>(arguments)...), out);
    ec = out.code;
    return object;
}

template <class T, class... Arguments> object_of<T> segment::find_or_construct(const std::string &name, Arguments &&...arguments)
{
    detail::check_root<T>();
    detail::outcome out;
    const auto object = obtained<T>(name, detail::making_by<T>(std::forward<Arguments>(arguments)...), out);
    out.raise();
    return object;
}

template <class T, class... Arguments> object_of<T> segment::construct(std::error_code &ec, Arguments &&...arguments)
{
    detail::check_root<T>();
    detail::outcome out;
    const auto object = constructed<T>(detail::making_by<T>(std::forward<Arguments>(arguments)...), out);
    ec = out.code;
    return object;
}

template <class T, class... Arguments> object_of<T> segment::construct(Arguments &&...arguments)
{
    detail::check_root<T>();
    detail::outcome out;
    const auto object = constructed<T>(detail::making_by<T>(std::forward<Arguments>(arguments)...), out);
    out.raise();
    return object;
}

template <class T> void segment::deconstruct(T *object) noexcept
{
    if (object) {
        detail::wreck<T>(object, sizeof(T));
        deallocate(object);
    }
}

template <class T> void segment::deconstruct(span<T> objects) noexcept
{
    if (objects) {
        detail::wreck<T[]>(objects.data(), objects.size() * sizeof(T));
        deallocate(objects.data());
    }
}

template <class T> bool segment::destroy(const std::string &name, std::error_code &ec)
{
    detail::outcome out;
    const bool gone = destroyed<T>(name, out);
    ec = out.code;
    return gone;
}

template <class T> bool segment::destroy(const std::string &name)
{
    detail::outcome out;
    const bool gone = destroyed<T>(name, out);
    out.raise();
    return gone;
}

} // namespace peermap

#endif
