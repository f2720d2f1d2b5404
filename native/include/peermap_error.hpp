// SPDX-License-Identifier: MIT
/*
 * peermap_error.hpp - how peermap.hpp says what went wrong: std::error_codes of the list in peermap.h, and what is thrown.
 *
 * In a program that is built without exceptions (-fno-exceptions) the forms that take a std::error_code & are the ones to use.  What would be thrown by the
 * others, and by containers that find no memory, ends the program there: its sentence goes to the standard error output, then abort().
 */
#ifndef PEERMAP_ERROR_HPP
#define PEERMAP_ERROR_HPP

#include <peermap.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>

namespace peermap {

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

/* what() is one sentence: that of peermap_last_error(), or the text of the code where there is none. */
class error : public std::system_error {
public:
    error(std::error_code code, const std::string &sentence) : std::system_error(code), said(sentence.empty() ? code.message() : sentence) {}
    const char *what() const noexcept override { return said.what(); }

private:
    std::runtime_error said; /* a string that is copied without throwing */
};

/* What an allocation throws; what() says which limit it met. */
class bad_alloc : public std::bad_alloc {
public:
    explicit bad_alloc(const char *sentence) noexcept { std::snprintf(text, sizeof text, "%s", sentence); }
    const char *what() const noexcept override { return text; }

private:
    char text[512];
};

} // namespace peermap

template <> struct std::is_error_code_enum<peermap_error> : std::true_type {};

inline std::error_code make_error_code(peermap_error code) noexcept { return { static_cast<int>(code), peermap::category() }; }

namespace peermap {

namespace detail {

template <class Exception> [[noreturn]] void toss(const Exception &what)
{
#ifdef __cpp_exceptions
    throw what;
#else
    std::fprintf(stderr, "%s\n", what.what());
    std::abort();
#endif
}

inline std::error_code code_of(int rc) noexcept
{
    return rc < 0 ? make_error_code(static_cast<peermap_error>(rc)) : std::error_code();
}

inline void raise(const std::error_code &code)
{
    if (code)
        toss(error(code, peermap_last_error()));
}

/* A sentence of the library in C, with what that calls PEERMAP_HEAP in the words of C++. */
inline std::string in_own_words(std::string sentence)
{
    const char option[] = "PEERMAP_HEAP";
    const std::size_t at = sentence.find(option);
    return at == std::string::npos ? sentence : sentence.replace(at, sizeof option - 1, "a heap, as peermap::heap or options.heap asks for");
}

/* Of the calls that have steps: what went wrong in which one, in a sentence. */
struct outcome {
    explicit operator bool() const noexcept { return static_cast<bool>(code); }

    void set(const std::error_code &other, const std::string &sentence)
    {
        code = other;
        why = sentence;
    }
    void set(int rc) { set(code_of(rc), rc < 0 ? peermap_last_error() : ""); }

    void raise() const
    {
        if (code == std::errc::not_enough_memory)
            toss(bad_alloc(why.c_str()));
        if (code)
            toss(error(code, why));
    }

    std::error_code code;
    std::string why;
};

/* What peermap_alloc() and the like have left in errno. */
inline outcome no_memory()
{
    outcome out;
    switch (errno) {
    case EINVAL: out.set(make_error_code(PEERMAP_EINVAL), in_own_words(peermap_last_error())); break;
    case EEXIST: out.set(std::make_error_code(std::errc::file_exists), peermap_last_error()); break;
    case EBADF: out.set(make_error_code(PEERMAP_EDETACHED), peermap_last_error()); break;
    case EROFS: out.set(make_error_code(PEERMAP_EREADONLY), peermap_last_error()); break;
    case ENODATA: out.set(make_error_code(PEERMAP_ELOST), peermap_last_error()); break;
    default: out.set(std::make_error_code(std::errc::not_enough_memory), peermap_last_error());
    }
    return out;
}

} // namespace detail

} // namespace peermap

#endif
