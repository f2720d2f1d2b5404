// SPDX-License-Identifier: MIT
/*
 * peermap_containers.hpp - an allocator of a segment, and the containers of the standard library with it; see CONTAINERS in peermap.hpp.
 */
#ifndef PEERMAP_CONTAINERS_HPP
#define PEERMAP_CONTAINERS_HPP

#include <peermap_error.hpp>
#include <peermap_types.hpp>

#include <deque>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <scoped_allocator>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace peermap {

class segment;

namespace detail {
struct outside;
}

/* Lies in shared memory with the container that has it: its one word means the same in every peer. */
template <class T> class allocator {
public:
    using value_type = T;
    using is_always_equal = std::false_type;
    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::false_type;
    using propagate_on_container_swap = std::false_type;

    allocator(const segment &of) noexcept;
    explicit allocator(const peermap_segment *of) noexcept : base(peermap_base(of)) {}
    template <class U> allocator(const allocator<U> &other) noexcept : base(other.base) {}

    T *allocate(std::size_t count)
    {
        if (count > max_size())
            detail::toss(std::bad_array_new_length());
        if (base == outside())
            return static_cast<T *>(::operator new(count * sizeof(T)));
        peermap_segment *handle = peermap_segment_at(base);
        if (!handle)
            detail::toss(bad_alloc("this process does not have the container's segment attached"));
        void *got = alignof(T) <= 16 ? peermap_alloc(handle, count * sizeof(T)) : peermap_aligned_alloc(handle, alignof(T), count * sizeof(T));
        if (!got)
            detail::toss(bad_alloc(detail::no_memory().why.c_str()));
        return static_cast<T *>(got);
    }

    void deallocate(T *pointer, std::size_t) noexcept
    {
        if (base == outside())
            ::operator delete(pointer);
        else if (peermap_segment *handle = peermap_segment_at(base))
            peermap_free(handle, pointer);
    }

    /* As any allocator makes an element, once it is known to be of use in shared memory. */
    template <class U, class... Arguments> void construct(U *place, Arguments &&...arguments)
    {
        detail::check_shared<U>();
        ::new (const_cast<void *>(static_cast<const volatile void *>(place))) U(std::forward<Arguments>(arguments)...);
    }

    [[nodiscard]] std::size_t max_size() const noexcept { return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T); }

    /* This process's handle of the segment; nullptr if it is not attached. */
    [[nodiscard]] peermap_segment *native_handle() const noexcept { return peermap_segment_at(base); }

    template <class U> friend bool operator==(const allocator &a, const allocator<U> &b) noexcept { return a.where() == b.where(); }
    template <class U> friend bool operator!=(const allocator &a, const allocator<U> &b) noexcept { return a.where() != b.where(); }

    const void *where() const noexcept { return base; }

private:
    template <class U> friend class allocator;
    friend struct detail::outside;
    explicit allocator(const detail::outside &) noexcept : base(outside()) {}
    static void *outside() noexcept { return reinterpret_cast<void *>(1); } /* of no segment: memory of this process, for keys that are looked for */

    void *base;
};

/* Hands itself on to the elements of a container, and to theirs. */
template <class T> using scoped_allocator = std::scoped_allocator_adaptor<allocator<T>>;

#if !defined _GLIBCXX_RELEASE || _GLIBCXX_USE_CXX11_ABI
using string = std::basic_string<char, std::char_traits<char>, allocator<char>>;
#else /* there an empty string points to a variable of its process */
struct string;
#endif

/* Compare, and hash, what is text by what it says: a peermap::string, a std::string, a std::string_view, a literal. */
namespace detail {

template <class T> constexpr bool is_text = std::is_convertible_v<const T &, std::string_view>;

template <class T> decltype(auto) compared(const T &value) noexcept
{
    if constexpr (is_text<T>)
        return std::string_view(value);
    else
        return (value);
}

} // namespace detail

struct less {
    using is_transparent = void;
    template <class A, class B> bool operator()(const A &a, const B &b) const { return std::less<>()(detail::compared(a), detail::compared(b)); }
};

struct equal_to {
    using is_transparent = void;
    template <class A, class B> bool operator()(const A &a, const B &b) const { return std::equal_to<>()(detail::compared(a), detail::compared(b)); }
};

} // namespace peermap

#if !defined _GLIBCXX_RELEASE || _GLIBCXX_USE_CXX11_ABI
template <> struct std::hash<peermap::string> {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};
#endif

namespace peermap {

namespace detail {

/* A key in this process's own memory, for a container that cannot be asked for a std::string_view.  What it inserts it copies into its segment. */
struct outside {
    static string key(std::string_view text) { return string(text.data(), text.size(), allocator<char>(outside())); }
};

template <class Base, class = void> constexpr bool is_ordered = false;
template <class Base> constexpr bool is_ordered<Base, std::void_t<typename Base::key_compare>> = true;

/* What is sought as it is: before C++20 a hashed container compares keys of its own type alone. */
#ifdef __cpp_lib_generic_unordered_lookup
template <class Base> constexpr bool seeks_views = true;
#else
template <class Base> constexpr bool seeks_views = is_ordered<Base>;
#endif

template <class K> using if_text = std::enable_if_t<is_text<K>>;
template <class K> using if_other_text = std::enable_if_t<is_text<K> && !std::is_same_v<std::remove_cv_t<std::remove_reference_t<K>>, string>>;

/* Base, a container whose keys are strings, looked up by whatever is text. */
template <class Base> class sought_by_text : public Base {
public:
    using Base::Base;
    using Base::operator=;
    using typename Base::const_iterator;
    using typename Base::iterator;
    using typename Base::size_type;

    template <class K, class = if_text<K>> iterator find(const K &key) { return Base::find(sought(key)); }
    template <class K, class = if_text<K>> const_iterator find(const K &key) const { return Base::find(sought(key)); }
    template <class K, class = if_text<K>> size_type count(const K &key) const { return Base::count(sought(key)); }
    template <class K, class = if_text<K>> bool contains(const K &key) const { return find(key) != this->end(); }
    template <class K, class = if_text<K>> auto equal_range(const K &key) { return Base::equal_range(sought(key)); }
    template <class K, class = if_text<K>> auto equal_range(const K &key) const { return Base::equal_range(sought(key)); }

    using Base::erase;
    template <class K, class = if_other_text<K>> size_type erase(const K &key)
    {
        const auto [first, last] = equal_range(key);
        const auto found = static_cast<size_type>(std::distance(first, last));
        Base::erase(first, last);
        return found;
    }

private:
    template <class K> static decltype(auto) sought(const K &key)
    {
        if constexpr (std::is_same_v<K, string>)
            return (key);
        else if constexpr (seeks_views<Base>)
            return std::string_view(key);
        else
            return outside::key(std::string_view(key));
    }
};

/* Of an insertion: the place, and for keys that are once whether it is new. */
template <class Answer> auto place_of(const Answer &answer)
{
    if constexpr (is_a<Answer, std::pair>::value)
        return answer.first;
    else
        return answer;
}

/* Maps of strings: insert({"x", 1}). */
template <class Base> class text_multimap : public sought_by_text<Base> {
    using below = sought_by_text<Base>;

protected:
    static constexpr bool is_unique = is_a<decltype(std::declval<Base &>().emplace()), std::pair>::value;

public:
    using below::below;
    using below::operator=;
    using typename Base::const_iterator;
    using typename Base::iterator;
    using typename Base::mapped_type;
    using typename Base::value_type;
    using argument = std::pair<std::string_view, std::conditional_t<std::is_same_v<mapped_type, string>, std::string_view, mapped_type>>;

    template <class Entry = argument> auto insert(Entry &&entry)
    {
        using plain = std::remove_cv_t<std::remove_reference_t<Entry>>;
        if constexpr (std::is_same_v<plain, value_type> || std::is_same_v<plain, typename Base::node_type>)
            return Base::insert(std::forward<Entry>(entry));
        else
            return put(std::string_view(entry.first), std::forward<Entry>(entry).second);
    }
    template <class Entry, class = std::enable_if_t<!std::is_convertible_v<Entry, const_iterator>>> iterator insert(const_iterator, Entry &&entry)
    {
        return place_of(insert(std::forward<Entry>(entry)));
    }
    template <class Iterator, class = std::enable_if_t<!std::is_convertible_v<Iterator, std::string_view>>> void insert(Iterator first, Iterator last)
    {
        for (; first != last; ++first)
            insert(*first);
    }
    void insert(std::initializer_list<argument> entries) { insert(entries.begin(), entries.end()); }

protected:
    template <class... Arguments> auto put(std::string_view key, Arguments &&...arguments)
    {
        if constexpr (is_unique) {
            const iterator found = this->find(key);
            return found != this->end() ? std::pair<iterator, bool>(found, false) : make(key, std::forward<Arguments>(arguments)...);
        } else {
            return make(key, std::forward<Arguments>(arguments)...);
        }
    }

private:
    template <class... Arguments> auto make(std::string_view key, Arguments &&...arguments)
    {
        return Base::emplace(std::piecewise_construct, std::forward_as_tuple(key), std::forward_as_tuple(std::forward<Arguments>(arguments)...));
    }
};

/* Where each key is once: counts["hello"]++. */
template <class Base> class text_map : public text_multimap<Base> {
    using below = text_multimap<Base>;

public:
    using below::below;
    using below::operator=;
    using typename Base::iterator;
    using typename Base::mapped_type;

    using Base::operator[];
    template <class K, class = if_other_text<K>> mapped_type &operator[](const K &key) { return this->put(std::string_view(key)).first->second; }

    template <class K, class = if_text<K>> mapped_type &at(const K &key) { return there(*this, key)->second; }
    template <class K, class = if_text<K>> const mapped_type &at(const K &key) const { return there(*this, key)->second; }

    using Base::try_emplace;
    template <class K, class... Arguments, class = if_other_text<K>> std::pair<iterator, bool> try_emplace(const K &key, Arguments &&...arguments)
    {
        return this->put(std::string_view(key), std::forward<Arguments>(arguments)...);
    }

    using Base::insert_or_assign;
    template <class K, class T, class = if_other_text<K>> std::pair<iterator, bool> insert_or_assign(const K &key, T &&value)
    {
        const auto result = this->put(std::string_view(key), std::forward<T>(value)); /* moves from it only where it is new */
        if (!result.second)
            result.first->second = std::forward<T>(value);
        return result;
    }

private:
    template <class Self, class K> static auto there(Self &self, const K &key)
    {
        const auto found = self.find(key);
        if (found == self.end())
            toss(std::out_of_range("there is no key \"" + std::string(std::string_view(key)) + "\" in the map"));
        return found;
    }
};

/* Sets of strings: insert("x"). */
template <class Base> class text_set : public sought_by_text<Base> {
    using below = sought_by_text<Base>;
    static constexpr bool is_unique = is_a<decltype(std::declval<Base &>().emplace()), std::pair>::value;

public:
    using below::below;
    using below::operator=;
    using typename Base::const_iterator;
    using typename Base::iterator;

    template <class K> auto insert(K &&key)
    {
        if constexpr (!is_text<K> || std::is_same_v<std::remove_cv_t<std::remove_reference_t<K>>, string>)
            return Base::insert(std::forward<K>(key));
        else
            return put(std::string_view(key));
    }
    template <class K, class = std::enable_if_t<!std::is_convertible_v<K, const_iterator>>> iterator insert(const_iterator, K &&key)
    {
        return place_of(insert(std::forward<K>(key)));
    }
    template <class Iterator, class = std::enable_if_t<!std::is_convertible_v<Iterator, std::string_view>>> void insert(Iterator first, Iterator last)
    {
        for (; first != last; ++first)
            insert(*first);
    }
    void insert(std::initializer_list<std::string_view> keys) { insert(keys.begin(), keys.end()); }

private:
    auto put(std::string_view key)
    {
        if constexpr (is_unique) {
            const iterator found = this->find(key);
            return found != this->end() ? std::pair<iterator, bool>(found, false) : Base::emplace(key);
        } else {
            return Base::emplace(key);
        }
    }
};

template <class Base> class as_it_is : public Base {
public:
    using Base::Base;
    using Base::operator=;
};

template <class Key, class Base, template <class> class Text> class keyed : public std::conditional_t<std::is_same_v<Key, string>, Text<Base>, as_it_is<Base>> {
    using below = std::conditional_t<std::is_same_v<Key, string>, Text<Base>, as_it_is<Base>>;

public:
    keyed() = delete; /* there is no default allocator */
    using below::below;
    using below::operator=;
};

template <class Key, class T> using pairs = scoped_allocator<std::pair<const Key, T>>;

} // namespace detail

template <class T> using vector = std::vector<T, scoped_allocator<T>>;
template <class T> using deque = std::deque<T, scoped_allocator<T>>;
template <class T> using list = std::list<T, scoped_allocator<T>>;

/* Each is the container of the standard library, where anything that is text can stand for a key that is a string. */
template <class Key, class Compare = less> class set : public detail::keyed<Key, std::set<Key, Compare, scoped_allocator<Key>>, detail::text_set> {
public:
    using set::keyed::keyed;
    using set::keyed::operator=;
};

template <class Key, class Compare = less>
class multiset : public detail::keyed<Key, std::multiset<Key, Compare, scoped_allocator<Key>>, detail::text_set> {
public:
    using multiset::keyed::keyed;
    using multiset::keyed::operator=;
};

template <class Key, class T, class Compare = less>
class map : public detail::keyed<Key, std::map<Key, T, Compare, detail::pairs<Key, T>>, detail::text_map> {
public:
    using map::keyed::keyed;
    using map::keyed::operator=;
};

template <class Key, class T, class Compare = less>
class multimap : public detail::keyed<Key, std::multimap<Key, T, Compare, detail::pairs<Key, T>>, detail::text_multimap> {
public:
    using multimap::keyed::keyed;
    using multimap::keyed::operator=;
};

template <class Key, class Hash = std::hash<Key>, class Equal = equal_to>
class unordered_set : public detail::keyed<Key, std::unordered_set<Key, Hash, Equal, scoped_allocator<Key>>, detail::text_set> {
public:
    using unordered_set::keyed::keyed;
    using unordered_set::keyed::operator=;
};

template <class Key, class Hash = std::hash<Key>, class Equal = equal_to>
class unordered_multiset : public detail::keyed<Key, std::unordered_multiset<Key, Hash, Equal, scoped_allocator<Key>>, detail::text_set> {
public:
    using unordered_multiset::keyed::keyed;
    using unordered_multiset::keyed::operator=;
};

template <class Key, class T, class Hash = std::hash<Key>, class Equal = equal_to>
class unordered_map : public detail::keyed<Key, std::unordered_map<Key, T, Hash, Equal, detail::pairs<Key, T>>, detail::text_map> {
public:
    using unordered_map::keyed::keyed;
    using unordered_map::keyed::operator=;
};

template <class Key, class T, class Hash = std::hash<Key>, class Equal = equal_to>
class unordered_multimap : public detail::keyed<Key, std::unordered_multimap<Key, T, Hash, Equal, detail::pairs<Key, T>>, detail::text_multimap> {
public:
    using unordered_multimap::keyed::keyed;
    using unordered_multimap::keyed::operator=;
};

namespace detail {

/* "peermap::map<peermap::string, int>", without what is there for the library alone. */
template <class... T> std::string spelled_as(const char *container) { return std::string("peermap::") + container + '<' + listed<T...>() + '>'; }

template <> struct spelling<string> {
    static std::string name() { return "peermap::string"; }
};
template <class T> struct spelling<vector<T>> {
    static std::string name() { return spelled_as<T>("vector"); }
};
template <class T> struct spelling<deque<T>> {
    static std::string name() { return spelled_as<T>("deque"); }
};
template <class T> struct spelling<list<T>> {
    static std::string name() { return spelled_as<T>("list"); }
};
template <class Key> struct spelling<set<Key>> {
    static std::string name() { return spelled_as<Key>("set"); }
};
template <class Key> struct spelling<multiset<Key>> {
    static std::string name() { return spelled_as<Key>("multiset"); }
};
template <class Key, class T> struct spelling<map<Key, T>> {
    static std::string name() { return spelled_as<Key, T>("map"); }
};
template <class Key, class T> struct spelling<multimap<Key, T>> {
    static std::string name() { return spelled_as<Key, T>("multimap"); }
};
template <class Key> struct spelling<unordered_set<Key>> {
    static std::string name() { return spelled_as<Key>("unordered_set"); }
};
template <class Key> struct spelling<unordered_multiset<Key>> {
    static std::string name() { return spelled_as<Key>("unordered_multiset"); }
};
template <class Key, class T> struct spelling<unordered_map<Key, T>> {
    static std::string name() { return spelled_as<Key, T>("unordered_map"); }
};
template <class Key, class T> struct spelling<unordered_multimap<Key, T>> {
    static std::string name() { return spelled_as<Key, T>("unordered_multimap"); }
};

} // namespace detail

} // namespace peermap

#endif
