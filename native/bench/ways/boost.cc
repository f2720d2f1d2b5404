// SPDX-License-Identifier: MIT
//
// boost.cc - growing a managed_shared_memory of Boost.Interprocess.  That is possible only while nobody has it open: everybody closes
// it, somebody calls grow(), everybody opens it again.
//
// grow() only lengthens the file; the new part is allocated here afterwards, as in the other ways.

#include "ways.h"

#if defined WITH_BOOST

#include <boost/interprocess/managed_shared_memory.hpp>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace ipc = boost::interprocess;

namespace {

enum message : std::size_t { close_it, open_it };

struct memory {
    std::string name;
    std::size_t size = 0; // of the object
    std::unique_ptr<ipc::managed_shared_memory> segment;

    void open() { segment = std::make_unique<ipc::managed_shared_memory>(ipc::open_only, name.c_str()); }
    void create()
    {
        ipc::shared_memory_object::remove(name.c_str());
        segment = std::make_unique<ipc::managed_shared_memory>(ipc::create_only, name.c_str(), WAY_INITIAL);
        size = WAY_INITIAL;
    }
};

memory &of(way *way) { return *static_cast<memory *>(way->own); }

void name_it(way *way)
{
    auto *own = new memory;
    own->name = "bench-boost-" + std::to_string(getpid());
    way->own = own;
}

void serve(int channel, void *context)
{
    memory &own = of(static_cast<way *>(context));
    for (std::size_t word; way_listen(channel, &word); way_answer(channel)) {
        if (word == open_it)
            own.open();
        else
            own.segment.reset();
    }
}

void all(way *way, message word)
{
    way_tell(way, word);
    if (word == open_it)
        of(way).open();
    else
        of(way).segment.reset();
    way_hear(way);
}

void begin(way *way)
{
    way_remove_at_end(("/dev/shm/" + of(way).name).c_str());
    of(way).create();
    all(way, open_it);
}

void allocate(const memory &own, std::size_t bytes)
{
    int fd = shm_open(own.name.c_str(), O_RDWR | O_CLOEXEC, 0);
    if (fd < 0 || fallocate(fd, 0, off_t(own.size), off_t(bytes)) != 0)
        way_die("boost: fallocate");
    close(fd);
}

void grow(way *way, std::size_t bytes)
{
    memory &own = of(way);
    all(way, close_it);
    if (!ipc::managed_shared_memory::grow(own.name.c_str(), bytes))
        way_die("boost: grow");
    allocate(own, bytes);
    own.size += bytes;
    all(way, open_it);
}

// Only what is free at the end could be given back: anew is simpler.
void shrink(way *way, std::size_t)
{
    all(way, close_it);
    of(way).create();
    all(way, open_it);
}

void end(way *way) { delete static_cast<memory *>(way->own); }

} // namespace

struct way way_boost = { "boost", name_it, serve, begin, grow, shrink, nullptr, nullptr, end, nullptr, nullptr, nullptr, 0, { 0 } };

#else

namespace {
void absent(way *way) { way_is_missing(way, "boost/interprocess is not there: apt-get install libboost-dev"); }
} // namespace

struct way way_boost = { "boost", absent, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, { 0 } };

#endif
