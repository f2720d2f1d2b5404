// SPDX-License-Identifier: MIT
/* Whatever is assigned to a container, it and its elements stay in its segment; allocators are equal if they are of one segment. */
#include "crowd.hpp"

using words = peermap::vector<peermap::string>;

static const std::string long_text(100, 'y');

static void all_in(const peermap::segment &segment, const words &there)
{
    CHECK(in(segment, there.data()));
    for (const auto &word : there)
        CHECK(in(segment, word.data()) && word.c_str() == long_text);
}

int main()
{
    set_up();
    peermap::segment one = peermap::segment::create(segment_name(), with_heap("first"));
    peermap::segment two = peermap::segment::create(segment_name() + "-two", with_heap("first"));
    peermap::segment::unlink(segment_name() + "-two");

    CHECK(peermap::allocator<int>(one) == peermap::allocator<char>(one) && peermap::allocator<int>(one) != peermap::allocator<int>(two));
    CHECK(peermap::allocator<int>(two).native_handle() == two.native_handle());

    auto *source = two.find_or_construct<words>("words", 3, peermap::string(long_text.c_str(), two));
    auto *target = one.find_or_construct<words>("words");
    all_in(two, *source);
    *target = *source;
    all_in(one, *target);
    CHECK_INT(target->size(), 3);
    *target = std::move(*source);
    all_in(one, *target);
    CHECK_INT(target->size(), 3);

    words near(one);
    near = std::move(*target); /* of one segment: what it had is handed over */
    all_in(one, near);
    CHECK(target->empty());
    words copy(near);
    all_in(one, copy);
    CHECK(copy.get_allocator() == near.get_allocator());

    two.detach();
    CHECK(peermap::allocator<int>(one).native_handle() == one.native_handle());
    return 0;
}
