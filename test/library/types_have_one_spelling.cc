// SPDX-License-Identifier: MIT
/* A type is called in roots as other languages call it; arrays are found by their length or whatever it is; an error says what a root is and what was asked for. */
#include "crowd.hpp"

#include <array>
#include <atomic>

struct order {
    int number;
};
namespace {
struct hidden {};
} // namespace
template <class... T> struct box {};

static std::string said(const std::function<void()> &work)
{
    try {
        work();
    } catch (const peermap::error &error) {
        CHECK(error.code() == PEERMAP_ETYPE);
        return error.what();
    }
    FAIL("nothing was thrown");
}

static void same(const std::string &is, const char *expected)
{
    if (is != expected)
        FAIL("\"%s\", not \"%s\"", is.c_str(), expected);
}

static void names()
{
    using peermap::root_type;
    same(root_type<unsigned long>::name(), "unsigned long");
    same(root_type<double[1000]>::name(), "double[1000]");
    same(root_type<order[2][3]>::name(), "order[2][3]");
    same(root_type<hidden>::name(), "(anonymous namespace)::hidden");
    same(root_type<box<unsigned long, order *, const char>>::name(), "box<unsigned long, order*, const char>");
    same(root_type<std::array<long long, 3>>::name(), "std::array<long long, 3>");
    same(root_type<peermap::map<peermap::string, peermap::vector<order>>>::name(), "peermap::map<peermap::string, peermap::vector<order>>");
    same(root_type<peermap::unordered_set<peermap::string>>::name(), "peermap::unordered_set<peermap::string>");
    const std::string one = root_type<peermap::map<peermap::string, peermap::map<peermap::string, box<order, hidden>>>>::name();
    const std::string other = root_type<peermap::map<peermap::string, peermap::map<peermap::string, box<order, order>>>>::name();
    CHECK(one.size() == PEERMAP_NAME_MAX - 1 && other.size() == PEERMAP_NAME_MAX - 1 && one != other);
}

static void as_other_languages_say(peermap::segment &segment)
{
    void *bytes = segment.allocate(80);
    for (const char *type : { "double[10]", "double [10]", " double  [ 10 ]" }) {
        CHECK_INT(peermap_set_root(segment.native_handle(), "prices", bytes, 80, type), 0);
        CHECK(segment.find<double[10]>("prices") == bytes && segment.find<const double[10]>("prices") == bytes);
        const auto all = segment.find<double[]>("prices");
        CHECK(all && all.data() == bytes && all.size() == 10);
    }
    same(said([&] { (void)segment.find<double[20]>("prices"); }).substr(0, 15), "root \"prices\" i");
    CHECK_INT(peermap_set_root(segment.native_handle(), "prices", bytes, 80, "double[10]"), 0);
    same(said([&] { (void)segment.find<double[20]>("prices"); }), "root \"prices\" is \"double[10]\", not \"double[20]\"");
    same(said([&] { (void)segment.find<float[]>("prices"); }), "root \"prices\" is \"double[10]\", not \"float[]\"");
    same(said([&] { segment.find_or_construct<double[]>("prices", 7); }), "root \"prices\" is \"double[10]\", not \"double[7]\"");
    same(said([&] { segment.destroy<order>("prices"); }), "root \"prices\" is \"double[10]\", not \"order\"");
    for (const char *type : { "struct order", "order", "class order" }) {
        CHECK_INT(peermap_set_root(segment.native_handle(), "first", bytes, sizeof(order), type), 0);
        CHECK(segment.find<order>("first") == bytes);
    }
    CHECK_INT(peermap_set_root(segment.native_handle(), "first", bytes, 12, "struct order"), 0);
    same(said([&] { (void)segment.find<order>("first"); }), "root \"first\" is \"struct order\" of 12 bytes, not of 4");
    CHECK_INT(peermap_set_root(segment.native_handle(), "first", bytes, 4, nullptr), 0);
    same(said([&] { (void)segment.find<order>("first"); }), "root \"first\" has no type, and so is not \"order\"");
    CHECK_INT(peermap_set_root(segment.native_handle(), "first", nullptr, 0, nullptr), 0);
    CHECK_INT(peermap_set_root(segment.native_handle(), "prices", nullptr, 0, nullptr), 0);
    segment.deallocate(bytes);
}

struct counted {
    explicit counted(int number, std::atomic<int> *all) : of(all)
    {
        if (*of == number)
            throw std::runtime_error("so many");
        ++*of;
    }
    ~counted() { --*of; }
    std::atomic<int> *of;
};

static void arrays(peermap::segment &segment)
{
    const auto prices = segment.find_or_construct<double[]>("prices", 1000);
    CHECK(prices.size() == 1000 && prices[999] == 0);
    prices[999] = 5;
    CHECK((*segment.find<double[1000]>("prices"))[999] == 5 && segment.wait_for<double[]>("prices").data() == prices.data());
    peermap_root_copy root;
    CHECK_INT(peermap_read_root(segment.native_handle(), "prices", &root), 0);
    same(root.type, "double[1000]");
    CHECK(segment.destroy<double[]>("prices") && !segment.find<double[]>("prices"));
    auto *words = segment.find_or_construct<peermap::string[3]>("words", "a text that is too long to be kept in the string itself");
    for (const auto &word : *words)
        CHECK(in(segment, word.data()));
    CHECK(segment.find<peermap::string[]>("words").size() == 3 && segment.destroy<peermap::string[3]>("words"));
    const auto pairs = segment.find_or_construct<int[][2]>("pairs", 5u);
    CHECK(pairs.size() == 5 && sizeof pairs[0] == 2 * sizeof(int) && segment.find<int[5][2]>("pairs") && segment.destroy<int[][2]>("pairs"));
    std::atomic<int> all{ 0 };
    for (const bool named : { true, false }) {
        bool thrown = false;
        try {
            if (named)
                segment.find_or_construct<counted[]>("counted", 5, 3, &all);
            else
                (void)segment.construct<counted[]>(5, 3, &all);
        } catch (const std::runtime_error &) {
            thrown = true;
        }
        CHECK(thrown && all == 0);
    }
    std::error_code ec;
    CHECK(!segment.find_or_construct<double[]>("prices", ec, -1) && ec == std::errc::not_enough_memory);
    CHECK(!segment.construct<double[]>(ec, SIZE_MAX / 4) && ec == std::errc::not_enough_memory);
    const auto anonymous = segment.construct<counted[]>(5, 9, &all);
    auto *single = segment.construct<peermap::vector<int>>(100, 7);
    CHECK(all == 5 && in(segment, anonymous.data()) && single->back() == 7 && in(segment, single->data()));
    segment.deconstruct(anonymous);
    segment.deconstruct(single);
    CHECK_INT(all, 0);
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    const std::uint64_t before = used(segment);
    names();
    as_other_languages_say(segment);
    arrays(segment);
    CHECK_INT(used(segment), before);
    return 0;
}
