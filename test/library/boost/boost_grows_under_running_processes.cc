// SPDX-License-Identifier: MIT
/*
 * Maps of strings and vectors of Boost.Interprocess in one segment, filled by several processes at once: each growth is seen by all, two that need
 * room at one moment both get it, and nothing is lost.
 */
#include "../crowd.hpp"

#include <peermap_boost.hpp>

#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/containers/vector.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>

namespace bi = boost::interprocess;

using manager = peermap::managed_segment::segment_manager;
using text = bi::basic_string<char, std::char_traits<char>, bi::allocator<char, manager>>;
using table = bi::map<int, text, std::less<int>, bi::allocator<std::pair<const int, text>, manager>>;
using numbers = bi::vector<std::uint64_t, bi::allocator<std::uint64_t, manager>>;

#define CROWD 4
#define EACH 1500

static std::string word(int number) { return std::string(static_cast<std::size_t>(200 + number % 300), static_cast<char>('a' + number % 26)); }

/* As many as there are strings of other processes in the map by then, it looks at. */
static void look_at(table &all)
{
    for (const auto &[number, found] : all)
        CHECK(word(number) == found.c_str());
}

static void work(int me)
{
    peermap::managed_segment memory(bi::open_or_create, segment_name(), 65536, named("worker-" + std::to_string(me)));
    manager *of = memory.get_segment_manager();
    auto *all = memory.find_or_construct<table>("all")(std::less<int>(), of);
    auto *lock = memory.find_or_construct<bi::interprocess_mutex>("lock")();
    auto *own = memory.find_or_construct<numbers>(("numbers-" + std::to_string(me)).c_str())(of);
    for (int i = 0; i < EACH; i++) {
        own->push_back(static_cast<std::uint64_t>(i)); /* outside the lock: grows at the same time as others */
        const bi::scoped_lock<bi::interprocess_mutex> held(*lock);
        const int number = me * EACH + i;
        all->emplace(number, text(word(number).c_str(), of));
        if (i % 500 == 0)
            look_at(*all);
    }
}

static void check_all(peermap::managed_segment &memory)
{
    auto all = memory.find<table>("all").first;
    CHECK(all && all->size() == CROWD * EACH);
    look_at(*all);
    for (int me = 0; me < CROWD; me++) {
        auto own = memory.find<numbers>(("numbers-" + std::to_string(me)).c_str()).first;
        CHECK(own && own->size() == EACH);
        for (std::uint64_t i = 0; i < EACH; i++)
            CHECK((*own)[i] == i);
    }
    CHECK(memory.check_sanity() && memory.get_size() <= memory.get_segment().size());
}

static void by_hand(peermap::managed_segment &memory)
{
    const std::size_t before = memory.get_size(), free_before = memory.get_free_memory();
    memory.grow(1 << 20);
    CHECK(memory.get_size() >= before + (1 << 20) && memory.get_free_memory() >= free_before + (1 << 20) - 4096);
    CHECK(reinterpret_cast<std::uintptr_t>(memory.allocate_aligned(8 << 20, 4096)) % 4096 == 0);
    bool thrown = false;
    try {
        memory.grow(std::size_t{ 1 } << 40);
    } catch (const peermap::error &error) {
        thrown = error.code() == PEERMAP_ELIMIT;
    }
    CHECK(thrown);
    thrown = false;
    try {
        memory.allocate(std::size_t{ 1 } << 40);
    } catch (const bi::bad_alloc &) {
        thrown = true;
    }
    CHECK(thrown && memory.check_sanity());
}

/* The memory is Boost's. */
static void no_heap()
{
    peermap::options options = peermap::heap;
    bool thrown = false;
    try {
        peermap::managed_segment memory(bi::create_only, segment_name() + "-heap", 65536, options);
    } catch (const peermap::error &error) {
        thrown = error.code() == PEERMAP_EINVAL && std::string(error.what()).find("options.heap") != std::string::npos;
    }
    CHECK(thrown);
}

static void the_end_goes_back(peermap::managed_segment &memory)
{
    memory.destroy<table>("all");
    const std::size_t before = memory.get_segment().size();
    memory.grow(16 << 20);
    CHECK(memory.get_segment().size() >= before);
    memory.shrink_to_fit();
    CHECK(memory.get_segment().size() <= before + (1 << 20));
    auto *again = memory.find_or_construct<numbers>("again")(memory.get_segment_manager());
    again->resize(4 << 20);
    CHECK(again->back() == 0 && memory.check_sanity());
}

int main()
{
    set_up();
    pid_t pids[CROWD];
    for (int me = 0; me < CROWD; me++) {
        pids[me] = fork();
        CHECK(pids[me] >= 0);
        if (pids[me] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(me);
            _exit(0);
        }
    }
    for (pid_t pid : pids)
        CHECK_INT(status_of(pid), 0);
    peermap::managed_segment memory(bi::open_only, segment_name(), named("first"));
    check_all(memory);
    by_hand(memory);
    no_heap();
    the_end_goes_back(memory);
    return 0;
}
