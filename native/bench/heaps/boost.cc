// SPDX-License-Identifier: MIT
//
// boost.cc - allocate() and deallocate() of a managed_shared_memory: rbtree_best_fit under a mutex in the segment.

#include "heaps.h"

#if defined WITH_BOOST

#include <boost/interprocess/managed_shared_memory.hpp>
#include <memory>
#include <string>
#include <unistd.h>

namespace ipc = boost::interprocess;

namespace {

std::string name;
std::unique_ptr<ipc::managed_shared_memory> segment;
constexpr std::size_t size = std::size_t(4) << 30; // it cannot grow; the pages come with their use

bool begin()
{
    name = "bench-boost-heap-" + std::to_string(getpid());
    heap_remove_at_end(("/dev/shm/" + name).c_str());
    ipc::managed_shared_memory(ipc::create_only, name.c_str(), size);
    return true;
}

void enter() { segment = std::make_unique<ipc::managed_shared_memory>(ipc::open_only, name.c_str()); }
void *take(std::size_t bytes) { return segment->allocate(bytes, std::nothrow); }
void give(void *object) { segment->deallocate(object); }
std::uint64_t word(void *object) { return std::uint64_t(segment->get_handle_from_address(object)); }
void *object_of(std::uint64_t at) { return segment->get_address_from_handle(ipc::managed_shared_memory::handle_t(at)); }
// What is free in between counts as free there, whatever fits into it.
std::uint64_t bytes() { return 0; }
std::uint64_t footprint() { return heap_file_memory(("/dev/shm/" + name).c_str()); }

} // namespace

struct heap heap_boost = { "boost", true, begin, enter, take, give, word, object_of, bytes, footprint, nullptr };

#else

static bool begin() { return false; }
struct heap heap_boost = { "boost", true, begin, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                           "Boost.Interprocess is not there (Debian: libboost-dev)" };

#endif
