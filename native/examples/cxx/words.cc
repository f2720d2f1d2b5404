// SPDX-License-Identifier: MIT
/*
 * words - counts words in a map of strings that any number of processes share.
 *
 *     words SEGMENT add WORD...    in one terminal
 *     words SEGMENT list           in another, also after the first has ended
 *     words SEGMENT forget
 *
 * It may be killed anywhere.  A map is whole but in the middle of a change, so `changing` says whether one goes on; who gets the lock from the dead looks there.
 */
#include <peermap.hpp>
#include <peermap_mutex.hpp>

#include <atomic>
#include <iostream>
#include <new>

using count_of = peermap::map<peermap::string, std::uint64_t>;

struct dictionary {
    explicit dictionary(const peermap::allocator<char> &segment) : counts(segment) {}

    peermap::robust_mutex lock;
    std::atomic<bool> changing{ false };
    count_of counts;
};

/* What is half changed can be neither used nor destroyed: its memory is lost until the segment goes, and the count begins anew. */
static void repair(dictionary &words)
{
    if (!words.changing)
        return;
    std::cerr << "words: a process was killed while it changed the map; it begins anew\n";
    new (&words.counts) count_of(words.counts.get_allocator());
    words.changing = false;
}

static void add(dictionary &words, const char *word)
{
    const peermap::robust_lock held(words.lock, [&](std::uint64_t) { repair(words); });
    words.changing = true;
    words.counts[word]++;
    words.changing = false;
}

static void list(dictionary &words)
{
    const peermap::robust_lock held(words.lock, [&](std::uint64_t) { repair(words); });
    for (const auto &[word, count] : words.counts)
        std::cout << word << ' ' << count << '\n';
}

static int run(const std::string &name, const std::string &command, char **arguments)
{
    if (command == "forget")
        return peermap::segment::unlink(name) ? 0 : 1;
    peermap::segment segment = peermap::segment::open(name, peermap::heap);
    auto *words = segment.find_or_construct<dictionary>("dictionary");
    if (command == "add")
        while (*arguments)
            add(*words, *arguments++);
    else
        list(*words);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::cerr << "usage: words SEGMENT add WORD... | list | forget\n";
        return 2;
    }
    try {
        return run(argv[1], argv[2], argv + 3);
    } catch (const std::exception &failure) {
        std::cerr << "words: " << failure.what() << '\n';
        return 1;
    }
}
