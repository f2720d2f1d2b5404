// SPDX-License-Identifier: MIT
/* For -fno-exceptions and -fno-rtti: what takes a std::error_code works, and what would throw ends the program with its sentence.  bare SEGMENT [ends] */
#include <peermap.hpp>
#include <peermap_mutex.hpp>

#include <cstdio>

#if defined __cpp_exceptions || defined __cpp_rtti
#error "compile it without"
#endif

struct shared {
    explicit shared(const peermap::allocator<char> &segment) : counts(segment), names(segment) {}
    peermap::robust_mutex lock;
    peermap::robust_recursive_mutex again;
    peermap::map<peermap::string, int> counts;
    peermap::unordered_map<peermap::string, peermap::string> names;
};

#define CHECK(what)                                                                                                                                            \
    do                                                                                                                                                         \
        if (!(what))                                                                                                                                           \
            return std::printf("%d: not so: %s\n", __LINE__, #what), 1;                                                                                        \
    while (0)

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    std::error_code ec;
    peermap::segment segment = peermap::segment::create(argv[1], peermap::heap, ec);
    CHECK(segment && !ec);
    auto *both = segment.find_or_construct<shared>("both", ec);
    CHECK(both && !ec && both == segment.find<shared>("both", ec) && peermap::root_type<shared>::name() == "shared");
    both->lock.lock(ec);
    CHECK(!ec);
    both->again.lock(ec);
    CHECK(!ec && both->again.try_lock(ec) && !both->lock.try_lock(ec));
    both->counts["hello"]++;
    both->names["a name that is too long to be kept in the string itself"] = "one";
    both->again.unlock();
    both->again.unlock();
    both->lock.unlock();
    CHECK(both->counts.at("hello") == 1 && both->names.size() == 1);
    CHECK(segment.find_or_construct<double[]>("prices", ec, 10).size() == 10 && segment.find<double[10]>("prices", ec));
    CHECK(!segment.find<int>("prices", ec) && ec == PEERMAP_ETYPE);
    CHECK(!segment.construct<char[]>(ec, std::size_t{ 1 } << 50) && ec == std::errc::not_enough_memory);
    segment.grow(std::size_t{ 1 } << 50, ec);
    CHECK(ec == PEERMAP_ELIMIT);
    CHECK(segment.destroy<shared>("both", ec));
    if (argc > 2)
        (void)segment.find<int>("prices");
    std::puts("well");
    return peermap::segment::unlink(argv[1], ec) ? 0 : 1;
}
