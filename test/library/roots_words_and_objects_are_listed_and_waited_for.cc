// SPDX-License-Identifier: MIT
/* What there is can be gone over, roots and objects; changes of roots and of words are waited for; a growth is to so many bytes; and what is allocated into a word no death loses. */
#include "crowd.hpp"

#include <algorithm>
#include <atomic>

using namespace std::chrono_literals;

struct desk {
    std::atomic<std::uint32_t> word{ 0 };
    std::uint64_t *work = nullptr;
    std::uint64_t work_offset = 0;
};

static desk *desk_in(peermap::segment &segment) { return segment.find_or_construct<desk>("desk"); }

static void to_so_many_bytes(peermap::segment &segment)
{
    const std::size_t size = segment.size() + (1 << 20);
    CHECK(segment.grow_to(size).size == size && segment.size() == size);
    CHECK(segment.grow_to(size).peers == 0 && segment.size() == size);
    std::error_code ec;
    CHECK(segment.grow_to(1, ec).peers == 0 && !ec && segment.size() == size);
    segment.grow_to(std::size_t{ 1 } << 50, ec);
    CHECK(ec == PEERMAP_ELIMIT);
}

static void roots_are_listed(peermap::segment &segment)
{
    for (int i = 0; i < 200; i++)
        segment.find_or_construct<int>("number-" + std::to_string(i), i);
    int found = 0;
    for (const peermap_root_row &root : segment.roots())
        if (std::string(root.name).find("number-") == 0) {
            CHECK(root.type == std::string("int") && root.size == sizeof(int) && segment.find<int>(root.name) == root.pointer);
            found++;
        }
    CHECK_INT(found, 200);
    for (int i = 0; i < 200; i++)
        CHECK(segment.destroy<int>("number-" + std::to_string(i)));
    std::error_code ec;
    CHECK(segment.roots(ec).size() == 1 && !ec && peermap::segment().roots(ec).empty() && ec == PEERMAP_EDETACHED);
}

static void a_change_of_any_root_is_waited_for(peermap::segment &segment)
{
    std::uint64_t changes = 0;
    std::error_code ec;
    CHECK(segment.wait_roots(changes) && changes != 0);
    CHECK(!segment.wait_roots(changes, 30ms) && !segment.wait_roots(changes, -1ms, ec) && !ec);
    const pid_t pid = start("setter", [](peermap::segment &there) {
        usleep(50000);
        there.find_or_construct<int>("new", 1);
    });
    while (!segment.find<int>("new"))
        CHECK(segment.wait_roots(changes, 60s));
    CHECK_INT(status_of(pid), 0);
    CHECK(segment.destroy<int>("new"));
}

static void a_word_is_waited_for(peermap::segment &segment)
{
    desk *shared = desk_in(segment);
    std::error_code ec;
    CHECK(!segment.wait(shared->word, 0, 30ms) && segment.wait(shared->word, 1, 30ms, ec) && !ec);
    const pid_t pid = start("waiter", [](peermap::segment &there) {
        desk *own = desk_in(there);
        CHECK(there.wait(own->word, 0, 60s));
        own->word = 2;
        there.notify(own->word);
    });
    usleep(20000);
    shared->word = 1;
    CHECK(segment.notify(shared->word, 1) <= 1);
    CHECK(segment.wait(shared->word, 1, 60s) && shared->word == 2);
    CHECK_INT(status_of(pid), 0);
    const std::atomic<std::uint32_t> outside{ 0 };
    CHECK(!segment.wait(outside, 1, 30ms, ec) && ec == PEERMAP_EINVAL);
    segment.notify(outside, 1, ec);
    CHECK(ec == PEERMAP_EINVAL);
}

static void a_death_loses_nothing(peermap::segment &segment)
{
    desk *shared = desk_in(segment);
    CHECK(WIFSIGNALED(status_of(start("worker", [](peermap::segment &there) {
        desk *own = desk_in(there);
        CHECK(there.allocate_to(own->work, 100) == own->work);
        own->work[99] = 5;
        CHECK(there.allocate_offset_to(own->work_offset, 4000) == own->work_offset);
        static_cast<void>(there.allocate(333)); /* which nobody knows of */
        raise(SIGKILL);
    }))));
    CHECK(shared->work && shared->work[0] == 0 && shared->work[99] == 5 && shared->work_offset != 0);
    std::error_code ec;
    CHECK(!segment.allocate_to(shared->work, 1, ec) && ec == std::errc::file_exists);
    CHECK(segment.allocate_offset_to(shared->work_offset, 1, ec) == 0 && ec == std::errc::file_exists);
    std::uint64_t *outside = nullptr;
    CHECK(!segment.allocate_to(outside, 1, ec) && ec == PEERMAP_EINVAL && !outside);
    CHECK(!segment.allocate_to(outside, SIZE_MAX, ec) && ec == std::errc::not_enough_memory);
    void *lost = nullptr;
    std::uint64_t all = 0;
    for (const peermap_object &object : segment.objects()) {
        CHECK(in(segment, object.pointer) && object.offset == static_cast<std::uint64_t>(static_cast<char *>(object.pointer) - static_cast<char *>(segment.base())));
        if (object.pointer == shared->work || object.size == 333)
            CHECK_INT(object.state, PEERMAP_DEAD);
        if (object.pointer == shared)
            CHECK(object.owner == peermap_id(segment.native_handle()) && object.size == sizeof(desk) && object.state == PEERMAP_ALIVE);
        if (object.size == 333)
            lost = object.pointer;
        all++;
    }
    CHECK(lost && all == used(segment));
    segment.deallocate(lost);
    segment.deallocate(std::exchange(shared->work, nullptr));
    segment.deallocate(static_cast<char *>(segment.base()) + std::exchange(shared->work_offset, 0));
    const auto rest = segment.objects(ec);
    CHECK(static_cast<std::uint64_t>(std::distance(rest.begin(), rest.end())) == all - 3 && !ec);
    const peermap::segment none;
    for (const peermap_object &object : none.objects(ec))
        FAIL("there is %p in no segment", object.pointer);
    CHECK(ec == PEERMAP_EDETACHED);
}

static void so_many_roots()
{
    peermap::options options = named("first");
    options.max_roots = 3;
    const std::string name = segment_name() + "-few";
    peermap::segment few = peermap::segment::create(name, options);
    CHECK(peermap::segment::unlink(name));
    int set = 0;
    while (peermap_set_root(few.native_handle(), std::to_string(set).c_str(), few.base(), 1, nullptr) == 0)
        set++;
    CHECK(set == 3 && few.roots().size() == 3);
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    desk_in(segment);
    to_so_many_bytes(segment);
    roots_are_listed(segment);
    a_change_of_any_root_is_waited_for(segment);
    a_word_is_waited_for(segment);
    a_death_loses_nothing(segment);
    so_many_roots();
    return 0;
}
