// SPDX-License-Identifier: MIT
/* Who has attached to read looks objects up without Boost's mutex, which is to be written; what takes that throws PEERMAP_EREADONLY. */
#include "../crowd.hpp"

#include <peermap_boost.hpp>

#include <boost/interprocess/containers/vector.hpp>

namespace bi = boost::interprocess;
using numbers = bi::vector<int, bi::allocator<int, peermap::managed_segment::segment_manager>>;

template <class Function> static void refused(Function &&function)
{
    try {
        function();
    } catch (const peermap::error &error) {
        CHECK(error.code() == PEERMAP_EREADONLY);
        return;
    }
    FAIL("nothing was thrown");
}

static void read_and_be_refused()
{
    peermap::options options = named("reader");
    options.flags |= PEERMAP_READ_ONLY;
    peermap::managed_segment memory(bi::open_only, segment_name(), options);
    numbers *all = memory.find_no_lock<numbers>("all").first;
    CHECK(all && all->size() == 1000 && all->back() == 5);
    refused([&] { (void)memory.find<numbers>("all"); });
    refused([&] { (void)memory.find_or_construct<int>("one")(1); });
    refused([&] { (void)memory.destroy<numbers>("all"); });
    refused([&] { (void)memory.allocate(8); });
    refused([&] { all->resize(1 << 20); });
    refused([&] { memory.grow(4096); });
    refused([&] { memory.shrink_to_fit(); });
    refused([&] { (void)memory.recover(); });
    refused([&] { (void)memory.check_sanity(); });
    memory.deallocate(all); /* which changes nothing, like where a mutex cannot be had */
    CHECK(memory.get_size() >= 65536);
}

int main()
{
    set_up();
    peermap::managed_segment memory(bi::create_only, segment_name(), 65536, named("writer"));
    auto *all = memory.construct<numbers>("all")(memory.get_segment_manager());
    all->resize(1000, 5);
    const pid_t pid = fork();
    if (pid == 0) {
        read_and_be_refused();
        _exit(0);
    }
    CHECK_INT(status_of(pid), 0);
    all->resize(100000);
    CHECK(memory.find<numbers>("all").first == all);
    return 0;
}
