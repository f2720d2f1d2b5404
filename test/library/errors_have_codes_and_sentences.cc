// SPDX-License-Identifier: MIT
/* Each failure is a std::error_code of the one list, and what is thrown says it in a sentence. */
#include "crowd.hpp"

#include <sys/stat.h>

template <class Function> static std::error_code thrown(const char *says, Function &&function)
{
    try {
        function();
    } catch (const peermap::error &error) {
        if (std::string(error.what()).find(says) == std::string::npos)
            FAIL("\"%s\" does not say \"%s\"", error.what(), says);
        return error.code();
    }
    FAIL("nothing was thrown, but \"%s\" should have been", says);
}

static void of_segments()
{
    std::error_code ec;
    peermap::segment none = peermap::segment::attach(segment_name() + "-none", {}, ec);
    CHECK(!none && ec == PEERMAP_ENOENT && ec == peermap::errc::PEERMAP_ENOENT && ec == std::errc::no_such_file_or_directory);
    CHECK(ec.category().name() == std::string("peermap") && ec.message() == peermap_error_text(PEERMAP_ENOENT));
    CHECK(thrown(segment_name().c_str(), [] { (void)peermap::segment::attach(segment_name() + "-none"); }) == PEERMAP_ENOENT);
    CHECK(thrown("exists", [] { (void)peermap::segment::create(segment_name()); }) == std::errc::file_exists);
    CHECK(!peermap::segment::unlink(segment_name() + "-none"));
    CHECK(thrown("name", [] { peermap::segment::unlink("/"); }) == PEERMAP_ENAME);
    CHECK_INT(none.size(), 0);
    none.grow(4096, ec);
    CHECK(ec == PEERMAP_EDETACHED);
}

static void of_owners()
{
    std::error_code ec;
    const std::string name = segment_name() + "-given";
    const std::uint32_t another = geteuid() + 1;
    peermap::options of_another = named("asks");
    of_another.owner = another;
    CHECK(!peermap::segment::open(name, of_another, ec) && ec == PEERMAP_ENOENT);
    CHECK(thrown("options.owner", [&] { (void)peermap::segment::create(name, of_another); }) == PEERMAP_EINVAL);
    peermap::options own = named("asks");
    own.owner = geteuid();
    CHECK(peermap::segment::open(name, own));
    if (geteuid() == 0) {
        CHECK(chown(("/dev/shm/peermap." + name).c_str(), another, another) == 0);
        CHECK(thrown("PEERMAP_FOREIGN", [&] { (void)peermap::segment::attach(name, named("asks")); }) == std::errc::permission_denied);
        CHECK(thrown("options.owner", [&] { (void)peermap::segment::open(name, own); }) == PEERMAP_EACCES);
        CHECK(peermap::segment::attach(name, of_another));
        peermap::options whosever = named("asks");
        whosever.flags |= PEERMAP_FOREIGN;
        CHECK(peermap::segment::open(name, whosever));
    }
    CHECK(peermap::segment::unlink(name));
}

/* It is off unless it is asked for, and no flag takes it away; where it lacks, the remedy is said in the words of this language. */
static void of_heaps()
{
    const std::string name = segment_name() + "-heap";
    std::error_code ec;
    peermap::segment bare = peermap::segment::create(name);
    CHECK(thrown("without a heap, as peermap::heap or options.heap asks for: its memory", [&] { bare.find_or_construct<int>("number"); }) == PEERMAP_EINVAL);
    CHECK(thrown("exists already, without a heap, as peermap::heap", [&] { (void)peermap::segment::open(name, with_heap("second")); }) == PEERMAP_EINVAL);
    CHECK(!bare.find_or_construct<int>("number", ec) && ec == PEERMAP_EINVAL);
    CHECK(!bare.allocate(1, 16, ec) && ec == PEERMAP_EINVAL);
    try {
        peermap::vector<int>(bare).resize(1);
        FAIL("there was memory");
    } catch (const peermap::bad_alloc &none) {
        CHECK(std::string(none.what()).find("peermap::heap") != std::string::npos);
    }
    CHECK(peermap::segment::unlink(name));
    peermap::options options = with_heap("first");
    options.flags = PEERMAP_STRICT;
    peermap::segment strict = peermap::segment::create(name, options);
    CHECK(*strict.find_or_construct<int>("number", 5) == 5);
    CHECK(peermap::segment::unlink(name));
    CHECK(*peermap::segment::create(name, peermap::heap, ec).find_or_construct<int>("number", 5) == 5 && !ec);
    CHECK(peermap::segment::unlink(name));
}

static void said_once()
{
    try {
        (void)peermap::segment::attach(segment_name() + "-none");
    } catch (const peermap::error &error) {
        const std::string said = error.what();
        CHECK(said == peermap_last_error() && said.find("there is no segment") == said.rfind("there is no segment"));
    }
    const peermap::error plain(PEERMAP_ETYPE, "");
    CHECK(std::string(plain.what()) == peermap_error_text(PEERMAP_ETYPE));
}

static void of_rounds(peermap::segment &segment)
{
    std::error_code ec;
    CHECK(segment.grow(1 << 20, ec).size == segment.size() && !ec);
    segment.grow(std::size_t{ 1 } << 40, ec);
    CHECK(ec == PEERMAP_ELIMIT);
    CHECK(thrown("reserve", [&] { segment.grow(std::size_t{ 1 } << 40); }) == PEERMAP_ELIMIT);
    const auto rows = segment.peers();
    CHECK(rows.size() == 1 && rows[0].pid == getpid() && segment.pid_of("first") == getpid());
    CHECK_INT(segment.pin().size(), segment.size());
    CHECK(segment.map_peer().acked == 1 && segment.remap().acked == 1);
}

/* Nobody dies of it. */
static void of_what_was_cut()
{
    const std::string name = segment_name() + "-cut", path = "/dev/shm/peermap." + name;
    peermap::options options = peermap::heap;
    options.initial_size = 1 << 20;
    peermap::segment segment = peermap::segment::create(name, options);
    char word[6] = "there", copy[6];
    peermap::vector<char> letters{ peermap::allocator<char>(segment) };
    letters.resize(100000);
    for (int i = 0; i < 4; i++)
        (void)segment.allocate(100000);
    const std::size_t end = segment.size() - sizeof word;
    segment.write(end, word, sizeof word);
    segment.read(end, copy, sizeof copy);
    CHECK(std::string(copy) == word);
    struct stat facts;
    CHECK(stat(path.c_str(), &facts) == 0 && truncate(path.c_str(), facts.st_size - (3 << 18)) == 0);
    std::error_code ec;
    CHECK(thrown("cut short", [&] { segment.read(end, copy, sizeof copy); }) == PEERMAP_ELOST);
    segment.write(end, word, sizeof word, ec);
    CHECK(ec == PEERMAP_ELOST);
    for (std::size_t size : { 110000, 1 << 20 }) {
        try {
            letters.reserve(size);
            FAIL("there was memory for %zu", size);
        } catch (const std::bad_alloc &none) {
            CHECK(std::string(none.what()).find("cut short") != std::string::npos);
        }
    }
    CHECK(letters.size() == 100000 && letters[99999] == 0);
    CHECK(peermap::segment::unlink(name));
}

struct apple {
    int weight;
};
struct pear {
    int weight;
};

static void of_objects(peermap::segment &segment)
{
    std::error_code ec;
    CHECK(segment.find<apple>("fruit") == nullptr);
    apple *made = segment.find_or_construct<apple>("fruit", ec, apple{ 3 });
    CHECK(made && !ec && made->weight == 3 && segment.find<apple>("fruit") == made);
    CHECK(segment.find<pear>("fruit", ec) == nullptr && ec == PEERMAP_ETYPE);
    CHECK(thrown("root \"fruit\" is \"apple\", not \"pear\"", [&] { segment.find_or_construct<pear>("fruit", pear{ 1 }); }) == PEERMAP_ETYPE);
    CHECK(thrown("fruit", [&] { segment.destroy<pear>("fruit"); }) == PEERMAP_ETYPE);
    CHECK(thrown("name", [&] { (void)segment.find<apple>("/"); }) == PEERMAP_ENAME);
    peermap_root_copy root;
    CHECK_INT(peermap_read_root(segment.native_handle(), "fruit", &root), 0);
    CHECK(root.size == sizeof(apple) && std::strcmp(root.type, "apple") == 0);
    CHECK(segment.destroy<apple>("fruit") && segment.find<apple>("fruit") == nullptr);
    using long_name = peermap::map<peermap::string, peermap::vector<peermap::string>>;
    using other_name = peermap::map<peermap::string, peermap::vector<int>>;
    CHECK(segment.find_or_construct<long_name>("long") == segment.find<long_name>("long"));
    CHECK(segment.find<other_name>("long", ec) == nullptr && ec == PEERMAP_ETYPE);
}

static void of_memory()
{
    peermap::options small = with_heap("first");
    small.reserve_size = 4 << 20;
    peermap::segment segment = peermap::segment::create(segment_name() + "-small", small);
    peermap::segment::unlink(segment_name() + "-small");
    peermap::vector<char> bytes(segment);
    bool thrown_alloc = false;
    try {
        bytes.resize(64 << 20);
    } catch (const std::bad_alloc &error) {
        thrown_alloc = std::string(error.what()).find("no room") != std::string::npos;
        if (!thrown_alloc)
            FAIL("\"%s\" does not name the limit", error.what());
    }
    CHECK(thrown_alloc && bytes.empty());
    bool thrown_length = false;
    try {
        peermap::allocator<long>(segment).allocate(std::size_t{ 1 } << 62);
    } catch (const std::bad_array_new_length &) {
        thrown_length = true;
    }
    CHECK(thrown_length);
}

int main()
{
    set_up();
    peermap::segment segment = peermap::segment::create(segment_name(), with_heap("first"));
    of_segments();
    of_heaps();
    said_once();
    of_owners();
    of_rounds(segment);
    of_objects(segment);
    of_memory();
    of_what_was_cut();
    peermap::segment moved(std::move(segment));
    CHECK(!segment && moved);
    segment = std::move(moved);
    CHECK(segment && !moved && segment.size() != 0);
    return 0;
}
