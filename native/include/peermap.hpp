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
 * peermap_last_error(); the other takes a std::error_code &, as in <filesystem>.  Codes are those of peermap.h: `ec == PEERMAP_ELATE`.
 *
 * CONTAINERS.  peermap::allocator<T> goes with the containers of the standard library, which then live in the segment and are used by every
 * peer.  What lies in shared memory must mean the same in every process:
 *
 * - An allocator holds the address at which its segment's data begins, which is one in all peers, and never a handle: each process finds its
 *   own handle by it (peermap_of()).  So a process has the segment attached for as long as it touches the container.
 * - Allocators of one segment are equal; of two they are not, and none is propagated.  A container stays in its segment whatever is assigned to
 *   it: elements are copied, or moved one by one.  Containers of two segments cannot be swapped.  A copy is in the segment of the original.
 * - There is no default allocator.  The aliases below (peermap::map and so on) hand theirs on to the elements, so that `counts->emplace("hello", 1)`
 *   makes the string in the segment as well.
 * - Processes that share a container are built with the same standard library.  Not with its debug mode (_GLIBCXX_DEBUG), whose iterators
 *   are known to the container; and nothing in it has virtual functions, or pointers to anything outside the segment.
 * - A container knows nothing of other processes' threads.  Who changes it while others look at it needs a lock in the segment.
 *
 * RELOCATED segments (PEERMAP_RELOCATABLE) have no objects with pointers: find_or_construct() and the like refuse them with PEERMAP_EADDR.
 */
#ifndef PEERMAP_HPP
#define PEERMAP_HPP

#include <peermap.h>

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
#include <new>
#include <scoped_allocator>
#include <set>
#include <string>
#include <system_error>
#include <thread>
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
        case PEERMAP_ELATE: return std::errc::timed_out;
        case PEERMAP_EBUSY: return std::errc::device_or_resource_busy;
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

} // namespace detail

// ---- segments ----

/* As peermap_options, where 0 is the default that it has there. */
struct options {
    std::string peer_name;
    std::size_t initial_size = 0;
    std::size_t reserve_size = 0;
    std::size_t ahead = 0;
    std::size_t heap_step = 0;
    std::chrono::milliseconds deadline{ 0 };
    std::uint32_t max_peers = 0;
    std::uint32_t mode = 0;
    std::uint32_t flags = PEERMAP_HEAP;
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
    std::size_t size() const noexcept { return bytes; }

private:
    peermap_segment *handle;
    std::size_t bytes;
};

/* One attachment, detached at the end.  Moved, not copied. */
class segment {
public:
    segment() noexcept = default;
    segment(segment &&other) noexcept : handle(std::exchange(other.handle, nullptr)), may_move(other.may_move) {}
    segment &operator=(segment &&other) noexcept
    {
        segment taken(std::move(other));
        std::swap(handle, taken.handle);
        std::swap(may_move, taken.may_move);
        return *this;
    }
    ~segment() { detach(); }

    static segment create(const std::string &name, const options &with = {}) { return thrown(&peermap_create, name, with); }
    static segment create(const std::string &name, const options &with, std::error_code &ec) { return entered(&peermap_create, name, with, ec); }
    static segment attach(const std::string &name, const options &with = {}) { return thrown(&peermap_attach, name, with); }
    static segment attach(const std::string &name, const options &with, std::error_code &ec) { return entered(&peermap_attach, name, with, ec); }
    static segment open(const std::string &name, const options &with = {}) { return thrown(&peermap_open, name, with); }
    static segment open(const std::string &name, const options &with, std::error_code &ec) { return entered(&peermap_open, name, with, ec); }

    /* Removes the name of a segment, as peermap_destroy().  False if there is none. */
    static bool remove(const std::string &name)
    {
        std::error_code ec;
        bool removed = remove(name, ec);
        detail::raise(ec);
        return removed;
    }
    static bool remove(const std::string &name, std::error_code &ec)
    {
        int rc = peermap_destroy(name.c_str());
        ec = rc == PEERMAP_ENOENT ? std::error_code() : detail::code_of(rc);
        return rc == 0;
    }

    void detach() noexcept { peermap_detach(std::exchange(handle, nullptr)); }
    explicit operator bool() const noexcept { return handle != nullptr; }
    peermap_segment *native_handle() const noexcept { return handle; }

    void *base() const noexcept { return peermap_base(handle); }
    std::size_t size() const noexcept { return peermap_size(handle); }
    std::size_t page_size() const noexcept { return peermap_page_size(handle); }
    std::uint64_t epoch() const noexcept { return peermap_epoch(handle); }
    [[nodiscard]] peermap::pin pin() const noexcept { return peermap::pin(handle); }

    peermap_round grow(std::size_t by) { return thrown_round(&peermap_grow, by); }
    peermap_round grow(std::size_t by, std::error_code &ec) noexcept { return round(&peermap_grow, by, ec); }
    peermap_round shrink(std::size_t by) { return thrown_round(&peermap_shrink, by); }
    peermap_round shrink(std::size_t by, std::error_code &ec) noexcept { return round(&peermap_shrink, by, ec); }
    peermap_round remap(pid_t pid = 0) { return thrown_round(&peermap_remap, pid); }
    peermap_round remap(pid_t pid, std::error_code &ec) noexcept { return round(&peermap_remap, pid, ec); }
    peermap_round map_peer(pid_t pid = 0) { return thrown_round(&peermap_map_peer, pid); }
    peermap_round map_peer(pid_t pid, std::error_code &ec) noexcept { return round(&peermap_map_peer, pid, ec); }

    std::vector<peermap_peer> peers() const
    {
        std::error_code ec;
        auto rows = peers(ec);
        detail::raise(ec);
        return rows;
    }
    std::vector<peermap_peer> peers(std::error_code &ec) const
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
    pid_t pid_of(const std::string &peer) const noexcept { return peermap_pid_of(handle, peer.c_str()); }

    /* Raw memory of the heap.  peermap::bad_alloc. */
    void *allocate(std::size_t bytes, std::size_t alignment = 16)
    {
        void *got = alignment <= 16 ? peermap_alloc(handle, bytes) : peermap_aligned_alloc(handle, alignment, bytes);
        if (!got)
            throw bad_alloc(peermap_last_error());
        return got;
    }
    void deallocate(void *pointer) noexcept { peermap_free(handle, pointer); }

    /* The object of this name, or nullptr if there is none, or none that is complete.  PEERMAP_ETYPE if it is of another type. */
    template <class T> T *find(const std::string &name) const;
    template <class T> T *find(const std::string &name, std::error_code &ec) const;

    /*
     * The object of this name; made of these arguments, and of an allocator of this segment if it takes one, where there is none.  Of any
     * number of processes and threads one makes it, and the others wait for that, and nobody sees it before it is complete.  If its constructor
     * throws, or the process ends in it, the next one makes it.  What the constructor throws is thrown here, also by the second form.
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
        plain.deadline_ms = static_cast<std::uint32_t>(with.deadline.count());
        plain.max_peers = with.max_peers;
        plain.mode = with.mode;
        plain.flags = with.flags;
        segment made;
        made.may_move = (with.flags & PEERMAP_RELOCATABLE) != 0;
        ec = detail::code_of(enter(name.c_str(), &plain, &made.handle));
        return made;
    }
    static segment thrown(entry *enter, const std::string &name, const options &with)
    {
        std::error_code ec;
        segment made = entered(enter, name, with, ec);
        detail::raise(ec);
        return made;
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

    peermap_segment *handle = nullptr;
    bool may_move = false;
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
        peermap_segment *handle = peermap_of(base);
        if (!handle)
            throw bad_alloc("this process does not have the container's segment attached");
        void *got = alignof(T) <= 16 ? peermap_alloc(handle, count * sizeof(T)) : peermap_aligned_alloc(handle, alignof(T), count * sizeof(T));
        if (!got)
            throw bad_alloc(peermap_last_error());
        return static_cast<T *>(got);
    }

    void deallocate(T *pointer, std::size_t) noexcept
    {
        if (peermap_segment *handle = peermap_of(base))
            peermap_free(handle, pointer);
    }

    std::size_t max_size() const noexcept { return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T); }

    /* This process's handle of the segment; nullptr if it is not attached. */
    peermap_segment *native_handle() const noexcept { return peermap_of(base); }

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

/* No two peers that live at one time have one name; and who is started again under a name begins at another time. */
inline std::uint64_t identity(const peermap_peer &peer) noexcept
{
    std::uint64_t hash = mixed(unmixed, &peer.pid, sizeof peer.pid);
    hash = mixed(hash, &peer.start_time, sizeof peer.start_time);
    return mixed(hash, peer.name, strnlen(peer.name, sizeof peer.name));
}

inline bool is_claim(const peermap_root_copy &root) noexcept { return std::strncmp(root.type, claim, sizeof claim - 1) == 0; }

/* Whether the peer whose claim this is still lives.  If that cannot be found out, it does. */
inline bool claimant_lives(const segment &in, const peermap_root_copy &root)
{
    std::error_code ec;
    for (const peermap_peer &peer : in.peers(ec))
        if (peer.state != PEERMAP_DEAD && hexadecimal(identity(peer)) == root.type + sizeof claim - 1)
            return true;
    return static_cast<bool>(ec);
}

/* Whoever holds the registry up is waited for: others wait for this root. */
inline int swap_held_root(const segment &in, const std::string &name, std::uint64_t &version, void *pointer, std::size_t size, const char *type)
{
    int rc = PEERMAP_EBUSY;
    while (rc == PEERMAP_EBUSY)
        rc = peermap_swap_root(in.native_handle(), name.c_str(), &version, pointer, size, type);
    return rc;
}

/*
 * The right to make or to destroy the object of one root: the root itself, with a type that says who has it.  Of all who try to get it one
 * succeeds, because a root is only replaced if it is what it was.  Given back at the end, if it has not become an object: then it is gone, and its
 * memory is free.  Who dies with it leaves both to the next one.
 */
class right {
public:
    right(segment &of, const std::string &root, bool is_of_heap = true) : in(of), name(root), of_heap(is_of_heap) {}
    right(const right &) = delete;
    right &operator=(const right &) = delete;
    ~right()
    {
        if (memory && swap_held_root(in, name, version, nullptr, 0, nullptr) == 0 && of_heap)
            in.deallocate(memory);
    }

    /* 0; 1 if somebody else was first, or an error: then `block` is still the caller's. */
    int take(const peermap_root_copy &was, void *block, std::size_t size)
    {
        peermap_peer self;
        int rc = peermap_self(in.native_handle(), &self);
        version = was.version;
        if (rc == 0)
            rc = peermap_swap_root(in.native_handle(), name.c_str(), &version, block, size, (claim + hexadecimal(identity(self))).c_str());
        if (rc == 0)
            memory = block;
        return rc;
    }

    void *place() const noexcept { return memory; }

    /* What is in the memory is the root's from now on. */
    int complete(std::size_t size, const std::string &type)
    {
        int rc = swap_held_root(in, name, version, memory, size, type.c_str());
        memory = nullptr;
        return rc == 1 ? PEERMAP_EDETACHED : rc; /* taken for dead: detached by another thread */
    }

private:
    segment &in;
    std::string name;
    bool of_heap;
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

/* The right to make the object, with memory for it.  1 if that is another's now, or an error. */
template <class T> int begin(segment &in, right &one, const peermap_root_copy &was)
{
    if (was.version != 0 && claimant_lives(in, was)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return 1;
    }
    void *block = in.allocate(sizeof(T), alignof(T));
    int rc = one.take(was, block, sizeof(T));
    if (rc != 0)
        in.deallocate(block);
    if (rc != 0 || was.version == 0)
        return rc;
    /* What the dead one made nobody has seen.  But a thread of it may run on for microseconds after it was seen dead, and write there. */
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    in.deallocate(was.pointer);
    return 0;
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

template <class T, class... Arguments>
T *segment::find_or_construct(const std::string &name, std::error_code &ec, Arguments &&...arguments)
{
    for (;;) {
        peermap_root_copy root;
        int rc = detail::look<T>(*this, may_move, name, root);
        if (rc == 0 && root.version != 0 && !detail::is_claim(root)) {
            ec.clear();
            return static_cast<T *>(root.pointer);
        }
        detail::right one(*this, name);
        if (rc == 0)
            rc = detail::begin<T>(*this, one, root);
        if (rc == 1)
            continue;
        if (rc < 0) {
            ec = detail::code_of(rc);
            return nullptr;
        }
        T *made = detail::construct<T>(*this, one.place(), std::forward<Arguments>(arguments)...);
        rc = one.complete(sizeof(T), root_type<T>::name());
        ec = detail::code_of(rc);
        return rc == 0 ? made : nullptr;
    }
}

template <class T, class... Arguments> T *segment::find_or_construct(const std::string &name, Arguments &&...arguments)
{
    std::error_code ec;
    T *found = find_or_construct<T>(name, ec, std::forward<Arguments>(arguments)...);
    detail::raise_of(ec, name, root_type<T>::name());
    return found;
}

template <class T> bool segment::destroy(const std::string &name, std::error_code &ec)
{
    peermap_root_copy root;
    int rc = detail::look<T>(*this, may_move, name, root);
    ec = detail::code_of(rc);
    if (ec || root.version == 0 || detail::is_claim(root))
        return false;
    detail::right one(*this, name);
    rc = one.take(root, root.pointer, root.size);
    ec = detail::code_of(rc);
    if (rc != 0)
        return false;
    std::destroy_at(static_cast<T *>(root.pointer));
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
