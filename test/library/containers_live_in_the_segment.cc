// SPDX-License-Identifier: MIT
/* Containers of containers of strings lie in the segment with all they have, and other processes read and change them. */
#include "crowd.hpp"

#include <algorithm>

using list = peermap::vector<peermap::string>;
using index_of_words = peermap::map<peermap::string, list>;

static const std::string long_text(300, 'x');

static void fill(peermap::segment &segment)
{
    auto *words = segment.find_or_construct<index_of_words>("words");
    for (int i = 0; i < 2000; i++) {
        auto &places = words->try_emplace(peermap::string(("word-" + std::to_string(i)).c_str(), segment)).first->second;
        for (int k = 0; k < 3; k++)
            places.emplace_back(k == 0 ? "short" : long_text.c_str());
    }
}

static void check(peermap::segment &segment)
{
    auto *words = segment.find<index_of_words>("words");
    CHECK(words != nullptr && in(segment, words));
    CHECK_INT(words->size(), 2000);
    for (const auto &[word, places] : *words) {
        CHECK(in(segment, word.data()) && in(segment, &word));
        CHECK_INT(places.size(), 3);
        for (const auto &place : places)
            CHECK(in(segment, place.data()) && (place == "short" || place.c_str() == long_text));
    }
    CHECK(words->find("word-77") != words->end() && words->find("nothing") == words->end());
}

static void every_container(peermap::segment &segment)
{
    auto *list_of = segment.find_or_construct<peermap::list<peermap::string>>("list");
    auto *deque_of = segment.find_or_construct<peermap::deque<int>>("deque", 5, 7);
    auto *set_of = segment.find_or_construct<peermap::set<peermap::string>>("set");
    auto *text = segment.find_or_construct<peermap::string>("text", long_text.c_str());
    list_of->emplace_front(long_text.c_str());
    set_of->emplace("b");
    set_of->emplace("a");
    CHECK(in(segment, list_of->front().data()) && in(segment, &deque_of->front()) && in(segment, text->data()));
    CHECK(deque_of->size() == 5 && deque_of->back() == 7 && *set_of->begin() == "a" && text->c_str() == long_text);
    CHECK(segment.destroy<peermap::list<peermap::string>>("list") && segment.destroy<peermap::deque<int>>("deque"));
    CHECK(segment.destroy<peermap::set<peermap::string>>("set") && segment.destroy<peermap::string>("text"));
}

struct alignas(64) line {
    std::int64_t number;
};

static void aligned(peermap::segment &segment)
{
    auto *lines = segment.find_or_construct<peermap::vector<line>>("lines", 100);
    CHECK(reinterpret_cast<std::uintptr_t>(lines->data()) % 64 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(segment.find_or_construct<line>("line")) % 64 == 0);
    CHECK(segment.destroy<peermap::vector<line>>("lines") && segment.destroy<line>("line"));
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    const std::uint64_t before = used(segment);
    CHECK_INT(status_of(start("writer", fill)), 0);
    CHECK_INT(status_of(start("reader", check)), 0);
    check(segment);
    CHECK_INT(status_of(start("eraser", [](peermap::segment &there) {
        auto *words = there.find<index_of_words>("words");
        words->erase(words->find("word-77"));
    })), 0);
    CHECK_INT(segment.find<index_of_words>("words")->size(), 1999);
    CHECK(segment.destroy<index_of_words>("words") && !segment.destroy<index_of_words>("words"));
    every_container(segment);
    aligned(segment);
    CHECK_INT(used(segment), before);
    return 0;
}
