// SPDX-License-Identifier: MIT
/* Where a key is a string of the segment, whatever is text is a key: to look up, to insert, to erase; nothing of it is left in the process, and readers look up too. */
#include "crowd.hpp"

using peermap::string;

static const std::string long_key = "a key that is too long to be kept in the string itself";
static const char *const long_value = "a value that is too long to be kept in the string itself";

template <class Map> static void all_of_a_map(peermap::segment &segment, const char *name)
{
    auto *counts = segment.find_or_construct<Map>(name);
    (*counts)["hello"]++;
    (*counts)["hello"]++;
    (*counts)[long_key]++;
    CHECK_INT(counts->at("hello"), 2);
    CHECK_INT(counts->at(std::string_view(long_key)), 1);
    CHECK(counts->find(long_key) != counts->end() && counts->find("no") == counts->end() && counts->find(counts->begin()->first) == counts->begin());
    CHECK(counts->count("hello") == 1 && counts->contains(long_key) && !counts->contains("no"));
    CHECK(counts->try_emplace("x", 3).second && !counts->try_emplace(std::string("x"), 4).second);
    CHECK(!counts->insert_or_assign("x", 5).second && counts->at("x") == 5);
    CHECK(counts->insert({ "y", 6 }).second && !counts->insert({ "y", 7 }).second && counts->insert(std::make_pair("z", 8)).second);
    CHECK(counts->insert(std::make_pair(long_key + "!", 9)).second && counts->insert(*counts->find("z")).second == false);
    counts->insert({ { "p", 1 }, { "q", 2 } });
    CHECK_INT(counts->size(), 8);
    CHECK(counts->erase("p") == 1 && counts->erase(std::string("p")) == 0);
    counts->erase(counts->find("q"));
    for (const auto &[key, value] : *counts)
        CHECK(in(segment, &key) && (key.size() < 16 || in(segment, key.data())) && value > 0);
    const Map *const looked_at = counts;
    CHECK(looked_at->at("y") == 6 && looked_at->find(long_key)->second == 1 && looked_at->equal_range("y").first->second == 6);
    bool thrown = false;
    try {
        static_cast<void>(looked_at->at("nothing"));
    } catch (const std::out_of_range &error) {
        thrown = std::string(error.what()).find("\"nothing\"") != std::string::npos;
    }
    CHECK(thrown && looked_at->count("nothing") == 0);
    CHECK(segment.destroy<Map>(name));
}

template <class Map> static void strings_by_strings(peermap::segment &segment)
{
    auto *words = segment.find_or_construct<Map>("words");
    (*words)["one"] = "eins";
    words->insert({ "two", long_value });
    words->insert_or_assign("two", "zwei");
    words->emplace("three", long_value);
    CHECK(words->at("two") == "zwei" && in(segment, words->at("three").data()) && words->size() == 3);
    Map copy(*words);
    CHECK(copy == *words && copy.get_allocator() == words->get_allocator());
    CHECK(segment.destroy<Map>("words"));
}

template <class Set> static void all_of_a_set(peermap::segment &segment)
{
    auto *words = segment.find_or_construct<Set>("set");
    CHECK(words->insert("b").second && !words->insert(std::string("b")).second && words->insert(long_key).second);
    words->insert({ "a", "c" });
    CHECK(words->size() == 4 && words->count("a") == 1 && words->contains(long_key) && in(segment, words->find(long_key)->data()));
    CHECK(words->erase("b") == 1 && words->erase("b") == 0 && words->size() == 3);
    CHECK(segment.destroy<Set>("set"));
}

template <class Many> static void many_of_a_key(peermap::segment &segment)
{
    auto *words = segment.find_or_construct<Many>("many");
    words->insert({ "x", 1 });
    words->insert({ "x", 2 });
    words->insert({ "y", 3 });
    CHECK(words->count("x") == 2 && words->erase("x") == 2 && words->find("y")->second == 3);
    CHECK(segment.destroy<Many>("many"));
}

static void of_other_keys(peermap::segment &segment)
{
    auto *names = segment.find_or_construct<peermap::unordered_map<int, peermap::string>>("names");
    (*names)[3] = "three";
    names->insert({ 4, peermap::string("four", segment) });
    CHECK(names->at(3) == "three" && names->erase(4) == 1);
    CHECK((segment.destroy<peermap::unordered_map<int, peermap::string>>("names")));
    const std::hash<peermap::string> hash;
    CHECK(hash(peermap::string("x", segment)) == hash("x") && hash("x") == hash(std::string("x")));
}

/* Entries of containers of this process, and of others of the segment; and a class that has more of itself. */
struct tree {
    explicit tree(const peermap::allocator<char> &segment) : rest(segment), by_name(segment) {}
    peermap::vector<tree> rest;
    peermap::map<string, tree> by_name;
};

static void from_elsewhere(peermap::segment &segment)
{
    auto *counts = segment.find_or_construct<peermap::map<string, int>>("counts");
    const std::map<std::string, int> own{ { "a", 1 }, { long_key, 2 } };
    counts->insert(own.begin(), own.end());
    for (const auto &entry : own)
        CHECK(!counts->insert(entry).second);
    auto taken = counts->extract(counts->find("a"));
    taken.key() = "z";
    CHECK(counts->insert(std::move(taken)).inserted && counts->at("z") == 1 && !counts->contains("a"));
    CHECK((segment.destroy<peermap::map<string, int>>("counts")));
    auto *root = segment.find_or_construct<tree>("tree");
    root->rest.emplace_back(segment);
    root->by_name.try_emplace(long_key, segment).first->second.rest.emplace_back(segment);
    CHECK(in(segment, root->by_name.at(long_key).rest.data()) && segment.destroy<tree>("tree"));
}

/* Without memory to be had for it: the key that is looked for is this process's. */
static void by_a_reader()
{
    peermap::options options = named("reader");
    options.flags = PEERMAP_READ_ONLY;
    peermap::segment segment = peermap::segment::attach(segment_name(), options);
    const auto *hashed = segment.find<peermap::unordered_map<peermap::string, int>>("hashed");
    CHECK(hashed && hashed->at(long_key) == 3 && hashed->count("none") == 0);
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    const std::uint64_t before = used(segment);
    all_of_a_map<peermap::map<string, int>>(segment, "ordered");
    all_of_a_map<peermap::unordered_map<string, int>>(segment, "hashed");
    strings_by_strings<peermap::map<string, string>>(segment);
    strings_by_strings<peermap::unordered_map<string, string>>(segment);
    all_of_a_set<peermap::set<string>>(segment);
    all_of_a_set<peermap::unordered_set<string>>(segment);
    many_of_a_key<peermap::multimap<string, int>>(segment);
    many_of_a_key<peermap::unordered_multimap<string, int>>(segment);
    of_other_keys(segment);
    from_elsewhere(segment);
    CHECK_INT(used(segment), before);
    auto *nested = segment.find_or_construct<peermap::map<string, peermap::unordered_map<string, peermap::vector<string>>>>("nested");
    (*nested)["a"][long_key].emplace_back(long_value);
    CHECK(in(segment, nested->at("a").at(long_key)[0].data()));
    (*segment.find_or_construct<peermap::unordered_map<string, int>>("hashed"))[long_key] = 3;
    const pid_t pid = fork();
    if (pid == 0) {
        by_a_reader();
        _exit(0);
    }
    CHECK_INT(status_of(pid), 0);
    return 0;
}
