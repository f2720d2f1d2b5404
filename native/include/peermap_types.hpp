// SPDX-License-Identifier: MIT
/*
 * peermap_types.hpp - what types are called in roots, and what cannot lie in shared memory.
 *
 * NAMES.  A root's type is spelled as C does, in every language: "order" or "struct order", which are one type, "unsigned long", "double[1000]"; a template with its
 * arguments, "peermap::map<peermap::string, int>".  It is the same by every compiler, and without RTTI (-fno-rtti), but there for a template with arguments that
 * are neither types nor one size: its name should be said by a root_type of its own.
 *
 * What can be seen of a type that would mean something else in the next process is refused in one sentence by the compiler: of an object in a root, and of the elements of
 * containers.  Of a class its first members can be seen if it is an aggregate; otherwise, and where there are raw pointers, which are good if they point into the segment, it is up to you.
 */
#ifndef PEERMAP_TYPES_HPP
#define PEERMAP_TYPES_HPP

#include <peermap.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#ifdef __cpp_rtti
#include <typeinfo>
#endif
#include <utility>
#include <variant>

namespace peermap {

template <class T> struct root_type;

namespace detail {

// ---- names ----

inline bool is_word(char c) noexcept { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Blanks only between words, and after a comma; and without the namespace by which a library tells its versions. */
inline std::string canonical(std::string_view text)
{
    std::string plain;
    bool blank = false;
    for (const char c : text) {
        if (c == ' ' || c == '\t') {
            blank = true;
            continue;
        }
        if (!plain.empty() && (plain.back() == ',' || (blank && (is_word(plain.back()) || plain.back() == '*' || plain.back() == '>') && is_word(c))))
            plain += ' ';
        plain += c;
        blank = false;
    }
    for (const char *version : { "__cxx11::", "__1::" })
        for (std::size_t at; (at = plain.find(version)) != std::string::npos;)
            plain.erase(at, std::strlen(version));
    return plain;
}

/* C says "struct order" where C++ says "order". */
inline std::string without_keyword(const std::string &name)
{
    for (const char *word : { "struct ", "class ", "union ", "enum " })
        if (name.compare(0, std::strlen(word), word) == 0)
            return name.substr(std::strlen(word));
    return name;
}

inline bool is_same_type(std::string_view one, std::string_view other)
{
    return one == other || without_keyword(canonical(one)) == without_keyword(canonical(other));
}

/* As much as fits in a root, and what tells it from others. */
inline std::string fitted(const std::string &name)
{
    if (name.size() < PEERMAP_NAME_MAX)
        return name;
    std::uint64_t hash = UINT64_C(14695981039346656037);
    for (const char c : name)
        hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(1099511628211);
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return name.substr(0, PEERMAP_NAME_MAX - 18) + '#' + text;
}

template <class T> const char *signature() noexcept { return __PRETTY_FUNCTION__; }

/* As the compiler spells a class or an enumeration. */
template <class T> std::string spelled()
{
#ifdef __cpp_rtti
    const char *const mangled = typeid(T).name();
    const std::unique_ptr<char, void (*)(void *)> plain(abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), &std::free);
    return canonical(plain ? plain.get() : mangled);
#else
    const std::string_view all = signature<T>(); /* "... [with T = order]", "... [T = order]" */
    const std::size_t begin = all.find("T = ") + 4;
    std::string name = canonical(all.substr(begin, all.size() - begin - 1));
    const char nameless[] = "{anonymous}";
    for (std::size_t at; (at = name.find(nameless)) != std::string::npos;)
        name.replace(at, sizeof nameless - 1, "(anonymous namespace)");
    return name;
#endif
}

/* Without the arguments of a template. */
template <class T> std::string spelled_template()
{
    std::string name = spelled<T>();
    std::size_t depth = 0, at = name.size();
    while (at > 0 && name.back() == '>') {
        const char c = name[--at];
        depth += c == '>' ? 1u : 0u;
        if (c == '<' && --depth == 0)
            return name.substr(0, at);
    }
    return name;
}

template <class T> constexpr const char *fundamental() noexcept
{
    if constexpr (std::is_same_v<T, bool>) return "bool";
    else if constexpr (std::is_same_v<T, char>) return "char";
    else if constexpr (std::is_same_v<T, signed char>) return "signed char";
    else if constexpr (std::is_same_v<T, unsigned char>) return "unsigned char";
    else if constexpr (std::is_same_v<T, wchar_t>) return "wchar_t";
    else if constexpr (std::is_same_v<T, char16_t>) return "char16_t";
    else if constexpr (std::is_same_v<T, char32_t>) return "char32_t";
    else if constexpr (std::is_same_v<T, short>) return "short";
    else if constexpr (std::is_same_v<T, unsigned short>) return "unsigned short";
    else if constexpr (std::is_same_v<T, int>) return "int";
    else if constexpr (std::is_same_v<T, unsigned int>) return "unsigned int";
    else if constexpr (std::is_same_v<T, long>) return "long";
    else if constexpr (std::is_same_v<T, unsigned long>) return "unsigned long";
    else if constexpr (std::is_same_v<T, long long>) return "long long";
    else if constexpr (std::is_same_v<T, unsigned long long>) return "unsigned long long";
    else if constexpr (std::is_same_v<T, float>) return "float";
    else if constexpr (std::is_same_v<T, double>) return "double";
    else if constexpr (std::is_same_v<T, long double>) return "long double";
    else if constexpr (std::is_void_v<T>) return "void";
    else return nullptr;
}

template <class T> std::string type_name();

/* Of classes and enumerations.  The containers below have names of their own. */
template <class T> struct spelling {
    static std::string name() { return spelled<T>(); }
};

template <class... T> std::string listed()
{
    std::string all;
    ((all += (all.empty() ? "" : ", ") + type_name<T>()), ...);
    return all;
}

template <template <class...> class C, class... T> struct spelling<C<T...>> {
    static std::string name() { return spelled_template<C<T...>>() + '<' + listed<T...>() + '>'; }
};

template <template <class, std::size_t> class C, class T, std::size_t N> struct spelling<C<T, N>> {
    static std::string name() { return spelled_template<C<T, N>>() + '<' + type_name<T>() + ", " + std::to_string(N) + '>'; }
};

/* "[2][3]" */
template <class T> std::string extents()
{
    if constexpr (std::is_array_v<T>)
        return '[' + (std::extent_v<T> != 0 ? std::to_string(std::extent_v<T>) : "") + ']' + extents<std::remove_extent_t<T>>();
    else
        return "";
}

template <class T> std::string full_name()
{
    if constexpr (std::is_array_v<T>)
        return without_keyword(root_type<std::remove_all_extents_t<T>>::name()) + extents<T>();
    else if constexpr (std::is_pointer_v<T>)
        return type_name<std::remove_pointer_t<T>>() + '*' + (std::is_const_v<T> ? " const" : "");
    else if constexpr (std::is_reference_v<T>)
        return type_name<std::remove_reference_t<T>>() + '&';
    else if constexpr (std::is_const_v<T>)
        return "const " + type_name<std::remove_cv_t<T>>();
    else if constexpr (fundamental<std::remove_cv_t<T>>() != nullptr)
        return fundamental<std::remove_cv_t<T>>();
    else
        return spelling<std::remove_cv_t<T>>::name();
}

} // namespace detail

/* The name of a type as roots have it.  Specialise it for a type that another language, or an earlier version of the program, calls otherwise. */
template <class T> struct root_type {
    static std::string name() { return detail::fitted(detail::full_name<T>()); }
};

namespace detail {

template <class T> std::string type_name() { return without_keyword(root_type<T>::name()); }

// ---- what is refused ----

template <class T, class = void> struct allocator_of {
    using type = void;
};
template <class T> struct allocator_of<T, std::void_t<typename T::allocator_type>> {
    using type = typename T::allocator_type;
};

template <class T, template <class...> class C> struct is_a : std::false_type {};
template <template <class...> class C, class... T> struct is_a<C<T...>, C> : std::true_type {};

template <class A, class = void> struct has_resource : std::false_type {};
template <class A> struct has_resource<A, std::void_t<decltype(std::declval<const A &>().resource())>> : std::true_type {};

template <class T> constexpr bool is_std_string = is_a<T, std::basic_string>::value;

template <class T> constexpr bool is_of_threads =
    std::is_same_v<T, std::mutex> || std::is_same_v<T, std::recursive_mutex> || std::is_same_v<T, std::timed_mutex> || std::is_same_v<T, std::recursive_timed_mutex>;

template <class T> constexpr bool counts_outside = is_a<T, std::shared_ptr>::value || is_a<T, std::weak_ptr>::value;
template <class T> constexpr bool is_code = is_a<T, std::function>::value || std::is_function_v<std::remove_pointer_t<T>>;

template <class T> constexpr bool is_unfit_aggregate();

/* A member of an aggregate that would be refused by itself. */
template <class T> constexpr bool is_unfit()
{
    using A = typename allocator_of<T>::type;
    return is_unfit_aggregate<T>() || std::is_polymorphic_v<T> || is_a<A, std::allocator>::value || has_resource<A>::value || counts_outside<T> || is_a<T, std::unique_ptr>::value || is_code<T> || is_of_threads<T>;
}

struct any_member {
    template <class T> operator T() const;
};
struct unfit_member {
    template <class T, class = std::enable_if_t<is_unfit<T>()>> operator T() const;
};
template <std::size_t> using any_at = any_member;

template <class T, class At, class = void> struct has_unfit_at : std::false_type {};
template <class T, std::size_t... Before>
struct has_unfit_at<T, std::index_sequence<Before...>, std::void_t<decltype(T{ any_at<Before>{}..., unfit_member{} })>> : std::true_type {};

/* Of the members of an aggregate, and of theirs, the first so many: what such a member would be is tried in its place. */
template <class T, std::size_t... At> constexpr bool has_unfit(std::index_sequence<At...>)
{
    return (has_unfit_at<T, std::make_index_sequence<At>>::value || ...);
}

template <class T> constexpr bool is_unfit_aggregate()
{
    if constexpr (std::is_class_v<T>) {
        if constexpr (std::is_aggregate_v<T>)
            return has_unfit<T>(std::make_index_sequence<16>());
    }
    return false;
}

template <class T> struct check_parts {
    static constexpr void of()
    {
        static_assert(!is_unfit_aggregate<T>(), "peermap: a member of the class is of no use to another process: a std::string, a container with std::allocator or std::pmr, a smart pointer, "
                                                "a function, a std::mutex, or something with virtual functions");
    }
};

/* Fails to compile, by one sentence, where it can be seen that an object of the type is of no use to another process. */
template <class Given> constexpr void check_shared()
{
    using T = std::remove_cv_t<std::remove_all_extents_t<Given>>;
    using A = typename allocator_of<T>::type;
    static_assert(!std::is_reference_v<T>, "peermap: a reference cannot lie in shared memory; keep the object itself, or a pointer into the segment");
    static_assert(!std::is_polymorphic_v<T>, "peermap: a type with virtual functions cannot lie in shared memory: they are at another address in each process");
    static_assert(!(is_std_string<T> && is_a<A, std::allocator>::value),
                  "peermap: a std::string keeps its characters in the memory of its own process; use peermap::string");
    static_assert(is_std_string<T> || !is_a<A, std::allocator>::value,
                  "peermap: a container with std::allocator keeps its elements in the memory of its own process; use peermap::vector, peermap::map and so on");
    static_assert(!has_resource<A>::value,
                  "peermap: a std::pmr container points to a memory_resource, which has virtual functions of its own process; use peermap::vector, peermap::map and so on");
    static_assert(!counts_outside<T>,
                  "peermap: a std::shared_ptr counts in a block with virtual functions of its own process; use a pointer into the segment, and count yourself");
    static_assert(!is_a<T, std::unique_ptr>::value, "peermap: a std::unique_ptr frees by the delete of its own process; use a pointer into the segment");
    static_assert(!is_code<T>, "peermap: code is at another address in each process; keep no function in shared memory");
    static_assert(!is_of_threads<T>, "peermap: a std::mutex is for the threads of one process; use peermap::robust_mutex of peermap_mutex.hpp");
    static_assert(!std::is_same_v<T, const char *>, "peermap: a const char * points to text of its own process, if that is a literal; use peermap::string");
    if constexpr (std::is_void_v<A>)
        check_parts<T>::of();
    else
        check_shared<typename T::value_type>();
}

/* Besides, of what a root names. */
template <class T> constexpr void check_root()
{
    static_assert(!std::is_pointer_v<T>, "peermap: a root names an object in the segment, and is no pointer; name what it points to");
    if constexpr (!std::is_pointer_v<T>)
        check_shared<T>();
}

template <class... T> struct check_parts<std::pair<T...>> {
    static constexpr void of() { (check_shared<T>(), ...); }
};
template <class... T> struct check_parts<std::tuple<T...>> {
    static constexpr void of() { (check_shared<T>(), ...); }
};
template <class... T> struct check_parts<std::variant<T...>> {
    static constexpr void of() { (check_shared<T>(), ...); }
};
template <class T> struct check_parts<std::optional<T>> {
    static constexpr void of() { check_shared<T>(); }
};
template <class T, std::size_t N> struct check_parts<std::array<T, N>> {
    static constexpr void of() { check_shared<T>(); }
};

} // namespace detail

} // namespace peermap

#endif
