// SPDX-License-Identifier: MIT
/* One process has a map of strings open; another makes it a thousand times larger; the first reads all of it, without opening anything anew. */
#include "../crowd.hpp"

#include <peermap_boost.hpp>

#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>

namespace bi = boost::interprocess;

using manager = peermap::managed_segment::segment_manager;
using text = bi::basic_string<char, std::char_traits<char>, bi::allocator<char, manager>>;
using table = bi::map<int, text, std::less<int>, bi::allocator<std::pair<const int, text>, manager>>;

#define MANY 20000

static void fill()
{
    peermap::managed_segment memory(bi::open_only, segment_name(), named("writer"));
    auto *all = memory.find<table>("all").first;
    CHECK(all != nullptr);
    for (int i = 0; i < MANY; i++)
        all->emplace(i, text(200, static_cast<char>('a' + i % 26), memory.get_segment_manager()));
}

int main()
{
    set_up();
    peermap::options strict = named("reader"); /* nothing is mapped ahead: each growth maps it here, while this process waits */
    strict.flags |= PEERMAP_STRICT;
    peermap::managed_segment memory(bi::create_only, segment_name(), 16384, strict);
    auto *all = memory.find_or_construct<table>("all")(std::less<int>(), memory.get_segment_manager());
    const std::size_t before = memory.get_segment().size();
    pid_t pid = fork();
    if (pid == 0) {
        fill();
        _exit(0);
    }
    CHECK_INT(status_of(pid), 0);
    CHECK(memory.get_segment().size() >= before + MANY * 200u && memory.get_size() <= memory.get_segment().size());
    CHECK_INT(all->size(), MANY);
    for (int i = 0; i < MANY; i++)
        CHECK(all->at(i).size() == 200 && all->at(i)[199] == static_cast<char>('a' + i % 26));
    all->emplace(-1, text("the reader adds one", memory.get_segment_manager()));
    CHECK(memory.check_sanity());
    return 0;
}
