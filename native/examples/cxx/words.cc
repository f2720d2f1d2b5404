// SPDX-License-Identifier: MIT
/*
 * words - counts words in a map of strings that any number of processes share.
 *
 *     words SEGMENT add WORD...    in one terminal
 *     words SEGMENT list           in another, also after the first has ended
 *     words SEGMENT forget
 */
#include <peermap.hpp>
#include <peermap_mutex.hpp>

#include <iostream>
#include <mutex>

struct dictionary {
    explicit dictionary(const peermap::allocator<char> &segment) : counts(segment) {}

    peermap::robust_recursive_mutex lock; /* who dies in a change leaves an error to the others, not a map that is half changed */
    peermap::map<peermap::string, std::uint64_t> counts;
};

static void add(dictionary &words, const char *word)
{
    const std::lock_guard<peermap::robust_recursive_mutex> held(words.lock);
    words.counts[word]++;
}

static void list(dictionary &words)
{
    const std::lock_guard<peermap::robust_recursive_mutex> held(words.lock);
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
