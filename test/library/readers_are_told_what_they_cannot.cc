// SPDX-License-Identifier: MIT
/* Who has attached to read finds objects and looks at them; what would change the segment throws PEERMAP_EREADONLY, and is no fault in this library. */
#include "crowd.hpp"

#include <peermap_mutex.hpp>

using words = peermap::map<peermap::string, int>;

struct guarded {
    peermap::robust_mutex lock;
    peermap::robust_recursive_mutex again;
    int value = 7;
};

template <class Function> static void refused(Function &&function)
{
    try {
        function();
    } catch (const peermap::error &error) {
        CHECK(error.code() == PEERMAP_EREADONLY && error.code() == std::errc::read_only_file_system);
        CHECK(std::string(error.what()).find("PEERMAP_READ_ONLY") != std::string::npos);
        return;
    }
    FAIL("nothing was thrown");
}

static void read_and_be_refused()
{
    peermap::options options = named("reader");
    options.flags |= PEERMAP_READ_ONLY;
    peermap::segment segment = peermap::segment::open(segment_name(), options);
    const words *counts = segment.find_or_construct<words>("words");
    CHECK(counts && counts == segment.find<words>("words") && counts == segment.wait_for<words>("words"));
    CHECK_INT(counts->size(), 1);
    CHECK(counts->begin()->first == "a word that is too long to be kept in the string itself");
    auto *both = segment.find<guarded>("both");
    CHECK_INT(both->value, 7);
    refused([&] { both->lock.lock(); });
    refused([&] { both->lock.lock_from(); });
    refused([&] { (void)both->lock.try_lock(); });
    refused([&] { both->again.lock(); });
    refused([&] { (void)both->again.try_lock(); });
    refused([&] { segment.find_or_construct<int>("number"); });
    refused([&] { segment.destroy<words>("words"); });
    refused([&] { segment.grow(1); });
    refused([&] { segment.write(0, "", 1); });
    std::error_code ec;
    CHECK(!segment.find_or_construct<int>("number", ec) && ec == PEERMAP_EREADONLY);
    CHECK(!segment.destroy<words>("words", ec) && ec == PEERMAP_EREADONLY);
    try {
        static_cast<void>(segment.allocate(1));
        FAIL("allocated");
    } catch (const peermap::bad_alloc &error) {
        CHECK(std::string(error.what()).find("PEERMAP_READ_ONLY") != std::string::npos);
    }
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("writer"));
    segment.find_or_construct<words>("words")->emplace("a word that is too long to be kept in the string itself", 3);
    segment.find_or_construct<guarded>("both");
    const pid_t pid = fork();
    if (pid == 0) {
        read_and_be_refused();
        _exit(0);
    }
    CHECK_INT(status_of(pid), 0);
    auto *both = segment.find<guarded>("both");
    CHECK(both->lock.try_lock() && both->again.try_lock());
    return 0;
}
