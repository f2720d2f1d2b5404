// SPDX-License-Identifier: MIT
/*
 * peermap.hpp - peermap.h for C++17: segments that detach by themselves, containers in them, objects that are made once.
 *
 *     #include <peermap.hpp>
 *     #include <iostream>
 *
 *     using words = peermap::map<peermap::string, int>;
 *
 *     int main()
 *     {
 *         auto segment = peermap::segment::open("dictionary");
 *         auto *counts = segment.find_or_construct<words>("words");    // made by whichever process comes first
 *         counts->emplace("hello", 1);                                 // the segment grows when it must, in every process
 *         std::cout << counts->size() << " words\n";
 *     }
 *
 * Header only; peermap.h is the manual of everything below it.  Link with the library.
 *
 * ERRORS.  Each function has two forms: one throws peermap::error, a std::system_error whose what() is the sentence of
 * peermap_last_error(); the other takes a std::error_code &, as in <filesystem>.  Codes are those of peermap.h: `ec == PEERMAP_ETIMEDOUT`.
 *
 * CONTAINERS.  peermap::allocator<T> goes with the containers of the standard library, which then live in the segment and are used by every
 * peer.  What lies in shared memory must mean the same in every process:
 *
 * - An allocator holds the address at which its segment's data begins, which is one in all peers, and never a handle: each process finds its
 *   own handle by it (peermap_segment_at()).  So a process has the segment attached for as long as it touches the container.
 * - Allocators of one segment are equal; of two they are not, and none is propagated.  A container stays in its segment whatever is assigned to
 *   it: elements are copied, or moved one by one.  Containers of two segments cannot be swapped.  A copy is in the segment of the original.
 * - There is no default allocator.  The aliases below (peermap::map and so on) hand theirs on to the elements, so that `counts->emplace("hello", 1)`
 *   makes the string in the segment as well.
 * - Processes that share a container are built with the same standard library.  Not with its debug mode (_GLIBCXX_DEBUG), whose iterators
 *   are known to the container; and nothing in it has virtual functions, or pointers to anything outside the segment.
 * - A container knows nothing of other processes' threads.  Who changes it while others look at it needs a lock in the segment.
 *
 * READERS (PEERMAP_READ_ONLY) find objects, and look at containers as const.  find_or_construct() finds what there is, and is PEERMAP_EREADONLY where it would have to make it; a
 * container that needs memory throws peermap::bad_alloc, which says so; and a change that needs none is a SIGSEGV, as every stray write.
 *
 * RELOCATED segments (PEERMAP_RELOCATABLE) have no objects with pointers: find_or_construct() and the like refuse them with PEERMAP_EADDR.
 */
#ifndef PEERMAP_HPP
#define PEERMAP_HPP

#include <peermap_deadline.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <scoped_allocator>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace peermap {

// ---- errors ----

using errc = ::peermap_error;

class error_category final : public std::error_category {
public:
    const char *name() const noexcept override { return "peermap"; }
    std::string message(int code) const override { return peermap_error_text(code); }

    /* So that `ec == std::errc::no_such_file_or_directory` is true of a segment that is not there. */
    std::error_condition default_error_condition(int code) const noexcept override
    {
        switch (code) {
        case PEERMAP_EINVAL: return std::errc::invalid_argument;
        case PEERMAP_EEXIST: return std::errc::file_exists;
        case PEERMAP_ENOENT: return std::errc::no_such_file_or_directory;
        case PEERMAP_EACCES: return std::errc::permission_denied;
        case PEERMAP_ENOSPC: return std::errc::no_space_on_device;
        case PEERMAP_ESRCH: return std::errc::no_such_process;
        case PEERMAP_ETIMEDOUT: return std::errc::timed_out;
        case PEERMAP_EBUSY: return std::errc::device_or_resource_busy;
        case PEERMAP_EREADONLY: return std::errc::read_only_file_system;
        default: return std::error_condition(code, *this);
        }
    }
};

inline const std::error_category &category() noexcept
{
    static const error_category one;
    return one;
}

class error : public std::system_error {
public:
    error(std::error_code code, const std::string &sentence) : std::system_error(code, sentence) {}
};

/* What an allocation throws; what() says which limit it met. */
class bad_alloc : public std::bad_alloc {
public:
    explicit bad_alloc(const char *sentence) noexcept { std::snprintf(text, sizeof text, "%s", sentence); }
    const char *what() const noexcept override { return text; }

private:
    char text[256];
};

} // namespace peermap

template <> struct std::is_error_code_enum<peermap_error> : std::true_type {};

inline std::error_code make_error_code(peermap_error code) noexcept { return { static_cast<int>(code), peermap::category() }; }

namespace peermap {

namespace detail {

inline std::error_code code_of(int rc) noexcept
{
    return rc < 0 ? make_error_code(static_cast<peermap_error>(rc)) : std::error_code();
}

inline void raise(const std::error_code &code)
{
    if (code)
        throw error(code, peermap_last_error());
}

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
    std::string peer_name;
    std::size_t initial_size = 0;
    std::size_t reserve_size = 0;
    std::size_t ahead = 0;
    std::size_t heap_step = 0;
    std::chrono::milliseconds deadline{ 0 }; /* more than UINT32_MAX is that; less than 0 is PEERMAP_EINVAL */
    std::uint32_t max_peers = 0;
    std::uint32_t mode = 0;
    std::uint32_t flags = PEERMAP_HEAP;
    std::optional<std::uint32_t> owner; /* the uid whose object it must be, as with PEERMAP_OWNER */
};

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
    peermap_round shrink(std::size_t by) { return thrown_round(&peermap_shrink, by); }
    peermap_round shrink(std::size_t by, std::error_code &ec) noexcept { return round(&peermap_shrink, by, ec); }
    peermap_round remap(pid_t pid = 0) { return thrown_round(&peermap_remap, pid); }
    peermap_round remap(pid_t pid, std::error_code &ec) noexcept { return round(&peermap_remap, pid, ec); }
    peermap_round map_peer(pid_t pid = 0) { return thrown_round(&peermap_map_peer, pid); }
    peermap_round map_peer(pid_t pid, std::error_code &ec) noexcept { return round(&peermap_map_peer, pid, ec); }

    [[nodiscard]] std::vector<peermap_peer> peers() const
    {
        std::error_code ec;
        auto rows = peers(ec);
        detail::raise(ec);
        return rows;
    }
    [[nodiscard]] std::vector<peermap_peer> peers(std::error_code &ec) const
    {
        std::vector<peermap_peer> rows;
        for (int count = 16; rows.size() < static_cast<std::size_t>(count);) { /* others may have come meanwhile */
            rows.resize(static_cast<std::size_t>(count));
            count = peermap_peers(handle, rows.data(), count);
            ec = detail::code_of(count);
            if (count <= static_cast<int>(rows.size())) {
                rows.resize(static_cast<std::size_t>(count < 0 ? 0 : count));
                break;
            }
        }
        return rows;
    }
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

    /* Raw memory of the heap.  peermap::bad_alloc. */
    [[nodiscard]] void *allocate(std::size_t bytes, std::size_t alignment = 16)
    {
        void *got = alignment <= 16 ? peermap_alloc(handle, bytes) : peermap_aligned_alloc(handle, alignment, bytes);
        if (!got)
            throw bad_alloc(peermap_last_error());
        return got;
    }
    void deallocate(void *pointer) noexcept { peermap_free(handle, pointer); }

    /* The object of this name, or nullptr if there is none, or none that is complete.  PEERMAP_ETYPE if it is of another type. */
    template <class T> [[nodiscard]] T *find(const std::string &name) const;
    template <class T> [[nodiscard]] T *find(const std::string &name, std::error_code &ec) const;
    /* Waits until there is one that is complete; nullptr if there was none by the deadline (0: the segment's; less than that: without waiting). */
    template <class T> [[nodiscard]] T *wait_for(const std::string &name, std::chrono::milliseconds deadline = {}) const;
    template <class T> [[nodiscard]] T *wait_for(const std::string &name, std::chrono::milliseconds deadline, std::error_code &ec) const;

    /*
     * The object of this name; made of these arguments, and of an allocator of this segment if it takes one, where there is none.  Of any
     * number of processes and threads one makes it, and the others wait for that, and nobody sees it before it is complete.  If its constructor
     * throws, or the process ends in it, the next one makes it.  What the constructor throws is thrown here, also by the second form.
     * PEERMAP_EBUSY, with the name of the maker, if that lives and has not made it by the deadline, which is one for the whole call, without the time that the
     * constructor takes.
     */
    template <class T, class... Arguments> T *find_or_construct(const std::string &name, Arguments &&...arguments);
    template <class T, class... Arguments> T *find_or_construct(const std::string &name, std::error_code &ec, Arguments &&...arguments);

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
        plain.mode = with.mode;
        plain.flags = with.owner ? with.flags | PEERMAP_OWNER : with.flags;
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
            throw error(ec, "options.deadline is " + std::to_string(with.deadline.count()) + " ms; 0 is the default");
        detail::raise(ec);
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

    template <class T, class... Arguments> T *obtain(const std::string &name, std::error_code &ec, std::string &why, Arguments &&...arguments);

    peermap_segment *handle = nullptr;
    bool may_move = false;
    std::shared_ptr<detail::making> making = std::make_shared<detail::making>();
    friend struct detail::access;
};

// ---- containers ----

/* Lies in shared memory with the container that has it: its one word means the same in every peer. */
template <class T> class allocator {
public:
    using value_type = T;
    using is_always_equal = std::false_type;
    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::false_type;
    using propagate_on_container_swap = std::false_type;

    allocator(const segment &of) noexcept : base(of.base()) {}
    explicit allocator(const peermap_segment *of) noexcept : base(peermap_base(of)) {}
    template <class U> allocator(const allocator<U> &other) noexcept : base(other.base) {}

    T *allocate(std::size_t count)
    {
        if (count > max_size())
            throw std::bad_array_new_length();
        peermap_segment *handle = peermap_segment_at(base);
        if (!handle)
            throw bad_alloc("this process does not have the container's segment attached");
        void *got = alignof(T) <= 16 ? peermap_alloc(handle, count * sizeof(T)) : peermap_aligned_alloc(handle, alignof(T), count * sizeof(T));
        if (!got)
            throw bad_alloc(peermap_last_error());
        return static_cast<T *>(got);
    }

    void deallocate(T *pointer, std::size_t) noexcept
    {
        if (peermap_segment *handle = peermap_segment_at(base))
            peermap_free(handle, pointer);
    }

    [[nodiscard]] std::size_t max_size() const noexcept { return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T); }

    /* This process's handle of the segment; nullptr if it is not attached. */
    [[nodiscard]] peermap_segment *native_handle() const noexcept { return peermap_segment_at(base); }

    template <class U> friend bool operator==(const allocator &a, const allocator<U> &b) noexcept { return a.where() == b.where(); }
    template <class U> friend bool operator!=(const allocator &a, const allocator<U> &b) noexcept { return a.where() != b.where(); }

    const void *where() const noexcept { return base; }

private:
    template <class U> friend class allocator;
    void *base;
};

/* Hands itself on to the elements of a container, and to theirs. */
template <class T> using scoped_allocator = std::scoped_allocator_adaptor<allocator<T>>;

#if !defined _GLIBCXX_RELEASE || _GLIBCXX_USE_CXX11_ABI
using string = std::basic_string<char, std::char_traits<char>, allocator<char>>;
#endif /* otherwise an empty string points to a variable of its process */
template <class T> using vector = std::vector<T, scoped_allocator<T>>;
template <class T> using deque = std::deque<T, scoped_allocator<T>>;
template <class T> using list = std::list<T, scoped_allocator<T>>;
template <class T, class Compare = std::less<>> using set = std::set<T, Compare, scoped_allocator<T>>;
template <class Key, class T, class Compare = std::less<>> using map = std::map<Key, T, Compare, scoped_allocator<std::pair<const Key, T>>>;

// ---- objects ----

namespace detail {

inline std::uint64_t mixed(std::uint64_t hash, const void *bytes, std::size_t length) noexcept
{
    for (std::size_t i = 0; i < length; i++)
        hash = (hash ^ static_cast<const unsigned char *>(bytes)[i]) * UINT64_C(1099511628211);
    return hash;
}
constexpr std::uint64_t unmixed = UINT64_C(14695981039346656037);

inline std::string hexadecimal(std::uint64_t number)
{
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
}

/* "quote_table"; of a name that is too long for a root, as much as fits, and what tells it from others. */
inline std::string name_of(const std::type_info &type)
{
    int status = 0;
    std::unique_ptr<char, void (*)(void *)> plain(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    std::string name = plain ? plain.get() : type.name();
    if (name.size() >= PEERMAP_NAME_MAX)
        name = name.substr(0, PEERMAP_NAME_MAX - 18) + '#' + hexadecimal(mixed(unmixed, type.name(), std::strlen(type.name())));
    return name;
}

} // namespace detail

/* The name of a type as roots have it.  Specialise it for a type that another language, or an earlier version of the program, calls otherwise. */
template <class T> struct root_type {
    static std::string name() { return detail::name_of(typeid(T)); }
};

namespace detail {

/* The type that a root has while its object is made or destroyed: it says by whom. */
constexpr char claim[] = "under construction #";

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

template <class T, class... Arguments> T *construct(segment &in, void *memory, Arguments &&...arguments)
{
    using given = allocator<std::byte>;
    if constexpr (std::uses_allocator_v<T, given> && std::is_constructible_v<T, std::allocator_arg_t, given, Arguments...>)
        return ::new (memory) T(std::allocator_arg, given(in), std::forward<Arguments>(arguments)...);
    else if constexpr (std::uses_allocator_v<T, given> && std::is_constructible_v<T, Arguments..., given>)
        return ::new (memory) T(std::forward<Arguments>(arguments)..., given(in));
    else if constexpr (!std::is_constructible_v<T, Arguments...> && std::is_constructible_v<T, Arguments..., given>)
        return ::new (memory) T(std::forward<Arguments>(arguments)..., given(in));
    else
        return ::new (memory) T(std::forward<Arguments>(arguments)...);
}

template <class T> constexpr void check_type()
{
    static_assert(std::is_object_v<T> && !std::is_pointer_v<T>, "an object in shared memory is no pointer and no reference");
    static_assert(!std::is_polymorphic_v<T>, "a virtual function is at another address in each process");
}

/* 0 and the root; with `pointer` NULL if there is no object, and none is being made by somebody who lives. */
template <class T> int look(const segment &in, bool may_move, const std::string &name, peermap_root_copy &root)
{
    check_type<T>();
    if (may_move)
        return PEERMAP_EADDR;
    int rc = peermap_read_root(in.native_handle(), name.c_str(), &root);
    if (rc != 0 || root.version == 0 || is_claim(root))
        return rc;
    return root.size == sizeof(T) && root_type<T>::name() == root.type ? 0 : PEERMAP_ETYPE;
}

inline void raise_of(const std::error_code &code, const std::string &name, const std::string &type)
{
    if (code == PEERMAP_ETYPE)
        throw error(code, "root " + name + " is no " + type);
    if (code == PEERMAP_EADDR)
        throw error(code, "root " + name + ": a segment that may be relocated has no objects with pointers");
    raise(code);
}

/* Waits for who has a claim, a little.  1: look again; or that it takes too long. */
inline int wait_for_maker(const segment &in, const std::string &name, const peermap_root_copy &was, const peermap_peer &maker, const bounded &all, std::string &why)
{
    if (all.is_over()) {
        why = "root " + name + " is being made or destroyed by " + maker.name + " (pid " + std::to_string(maker.pid) +
              "), which has not done so by the deadline; if that is stopped or held by a debugger, let it go on, and repeat";
        return PEERMAP_EBUSY;
    }
    peermap_root_copy now;
    const int rc = peermap_wait_root(in.native_handle(), name.c_str(), was.version, slice_ms, &now);
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
template <class T> int begin(segment &in, right &one, const std::string &name, const peermap_root_copy &was, const bounded &all, std::string &why)
{
    if (was.version != 0)
        if (const auto maker = maker_of(in, name, was))
            return wait_for_maker(in, name, was, *maker, all, why);
    const int may = may_make(in, name, was);
    if (may != 0)
        return may;
    void *block = in.allocate(sizeof(T), alignof(T));
    const int rc = one.take(was, block, sizeof(T));
    if (rc != 0)
        in.deallocate(block);
    if (rc == 1 && all.is_over()) {
        why = "root " + name + " is being made or destroyed by others, who have not done so by the deadline";
        return PEERMAP_EBUSY;
    }
    if (rc == 1) {
        peermap_root_copy now; /* another thread of this process may have the right, and not the root yet */
        peermap_wait_root(in.native_handle(), name.c_str(), was.version, slice_ms, &now);
    }
    /* What the dead one made nobody has seen.  But its threads may run on for a moment, and write there; where that does not end, it is lost. */
    if (rc == 0 && was.version != 0 && wait_for_end(in, was))
        in.deallocate(was.pointer);
    return rc;
}

} // namespace detail

template <class T> T *segment::find(const std::string &name, std::error_code &ec) const
{
    peermap_root_copy root;
    ec = detail::code_of(detail::look<T>(*this, may_move, name, root));
    return ec || root.version == 0 || detail::is_claim(root) ? nullptr : static_cast<T *>(root.pointer);
}

template <class T> T *segment::find(const std::string &name) const
{
    std::error_code ec;
    T *found = find<T>(name, ec);
    detail::raise_of(ec, name, root_type<T>::name());
    return found;
}

template <class T> T *segment::wait_for(const std::string &name, std::chrono::milliseconds deadline, std::error_code &ec) const
{
    for (const detail::bounded all(deadline, handle);;) {
        peermap_root_copy root;
        ec = detail::code_of(detail::look<T>(*this, may_move, name, root));
        const bool complete = !ec && root.version != 0 && !detail::is_claim(root);
        if (complete || ec || all.is_over())
            return complete ? static_cast<T *>(root.pointer) : nullptr;
        (void)peermap_wait_root(handle, name.c_str(), root.version, 0, &root);
    }
}

template <class T> T *segment::wait_for(const std::string &name, std::chrono::milliseconds deadline) const
{
    std::error_code ec;
    T *found = wait_for<T>(name, deadline, ec);
    detail::raise_of(ec, name, root_type<T>::name());
    return found;
}

template <class T, class... Arguments>
T *segment::obtain(const std::string &name, std::error_code &ec, std::string &why, Arguments &&...arguments)
{
    for (detail::bounded all(peermap_deadline_ms(handle));;) {
        peermap_root_copy root;
        int rc = detail::look<T>(*this, may_move, name, root);
        if (rc == 0 && root.version != 0 && !detail::is_claim(root)) {
            ec.clear();
            return static_cast<T *>(root.pointer);
        }
        detail::right one(*this, name);
        if (rc == 0)
            rc = detail::begin<T>(*this, one, name, root, all, why);
        if (rc == 1)
            continue;
        if (rc < 0) {
            ec = detail::code_of(rc);
            return nullptr;
        }
        T *made = all.aside([&] { return detail::construct<T>(*this, one.place(), std::forward<Arguments>(arguments)...); });
        rc = one.complete(sizeof(T), root_type<T>::name());
        if (rc == PEERMAP_EBUSY)
            std::destroy_at(made);
        ec = detail::code_of(rc);
        return rc == 0 ? made : nullptr;
    }
}

template <class T, class... Arguments>
T *segment::find_or_construct(const std::string &name, std::error_code &ec, Arguments &&...arguments)
{
    std::string why;
    return obtain<T>(name, ec, why, std::forward<Arguments>(arguments)...);
}

template <class T, class... Arguments> T *segment::find_or_construct(const std::string &name, Arguments &&...arguments)
{
    std::error_code ec;
    std::string why;
    T *found = obtain<T>(name, ec, why, std::forward<Arguments>(arguments)...);
    if (!why.empty())
        throw error(ec, why);
    detail::raise_of(ec, name, root_type<T>::name());
    return found;
}

template <class T> bool segment::destroy(const std::string &name, std::error_code &ec)
{
    peermap_root_copy root;
    detail::bounded all(peermap_deadline_ms(handle));
    int rc = detail::look<T>(*this, may_move, name, root);
    ec = detail::code_of(rc);
    if (ec || root.version == 0 || detail::is_claim(root))
        return false;
    detail::right one(*this, name);
    rc = one.take(root, root.pointer, root.size);
    ec = detail::code_of(rc);
    if (rc != 0)
        return false;
    all.aside([&] { std::destroy_at(static_cast<T *>(root.pointer)); });
    return true;
}

template <class T> bool segment::destroy(const std::string &name)
{
    std::error_code ec;
    bool destroyed = destroy<T>(name, ec);
    detail::raise_of(ec, name, root_type<T>::name());
    return destroyed;
}

} // namespace peermap

#endif
