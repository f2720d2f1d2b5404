// SPDX-License-Identifier: MIT
//
// peer.cc - the peer in C++; see peer.h.
#include "peer.h"

#include <peermap.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// What peermap.hpp has no form of its own for.
void require(int rc) {
  if (rc < 0) throw peermap::error(make_error_code(static_cast<peermap_error>(rc)), peermap_last_error());
}

peermap::segment open(const char* name, const char* peer, bool heap) {
  peermap::options options;
  options.peer_name = peer;
  options.deadline = std::chrono::seconds(20);
  options.heap = heap;
  return peermap::segment::open(name, options);
}

template <typename T>
T* at(uint64_t address) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(address));
}

uint64_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

void fill(unsigned char* bytes, uint64_t length, uint64_t seed) {
  std::generate_n(bytes, length, [i = seed]() mutable { return static_cast<unsigned char>(i++ % 251); });
}

bool holds(const unsigned char* bytes, uint64_t length, uint64_t seed) {
  return std::all_of(bytes, bytes + length, [i = seed](unsigned char byte) mutable { return byte == i++ % 251; });
}

class Peer {
 public:
  Peer(const char* segment, const char* name, bool heap) : segment_(open(segment, name, heap)), table_(find_or_make(name, heap)) {}

  void say_ready() const {
    std::cout << "ready " << getpid() << ' ' << std::hex << address_of(segment_.base()) << std::dec << ' ' << table_->count << std::endl;
  }

  std::string obey(const std::string& line) {
    std::istringstream words(line);
    std::string word, name;
    uint64_t a = 0, b = 0;
    words >> word;
    if (word == "check" || word == "take") {
      words >> name;
    } else {
      words >> a >> b;
    }
    if (word == "grow") return grow(a, b);
    if (word == "check") return check(name);
    if (word == "peers") return peers();
    if (word == "make") return make(a, b);
    if (word == "take") return take(name);
    if (word == "stats") return stats();
    throw std::runtime_error("what is " + word + "?");
  }

 private:
  table* find_or_make(const char* name, bool heap) {
    if (heap) return segment_.find_or_construct<table>(name);
    if (auto* const found = segment_.find<table>(name)) return found;
    auto* const made = new (grown(segment_.page_size())) table();
    require(peermap_set_root(segment_.native_handle(), name, made, sizeof *made, peermap::root_type<table>::name().c_str()));
    return made;
  }

  table* other(const std::string& name) const {
    if (auto* const found = segment_.find<table>(name)) return found;
    throw std::runtime_error("no root " + name);
  }

  unsigned char* grown(size_t bytes) {
    const peermap_round round = segment_.grow(bytes);
    return static_cast<unsigned char*>(segment_.base()) + round.size - bytes;
  }

  std::string grow(uint64_t bytes, uint64_t seed) {
    unsigned char* const place = grown(bytes);
    fill(place, bytes, seed);
    table_->pieces[table_->count] = { address_of(place), bytes, seed };
    table_->count++;
    return std::to_string(place - static_cast<unsigned char*>(segment_.base()));
  }

  std::string check(const std::string& name) const {
    const table* const its = other(name);
    uint64_t bytes = 0;
    std::for_each_n(its->pieces, its->count, [&](const piece& one) {
      if (!holds(at<unsigned char>(one.address), one.length, one.seed)) throw std::runtime_error("a piece of " + name);
      bytes += one.length;
    });
    return std::to_string(its->count) + " " + std::to_string(bytes);
  }

  std::string peers() const {
    static const char* const states[] = { "dead", "alive", "late" };
    std::vector<std::string> words;
    for (const peermap_peer& one : segment_.peers()) words.push_back(std::string(one.name) + ":" + states[one.state]);
    std::sort(words.begin(), words.end());
    std::string all;
    for (const std::string& one : words) all += (all.empty() ? "" : " ") + one;
    return all;
  }

  std::string make(uint64_t count, uint64_t seed) {
    for (uint64_t k = 0; k < count; k++) {
      const uint64_t length = LENGTH_OF(seed, k);
      auto* const one = new (segment_.allocate(sizeof(object) + length)) object{ table_->chain, length, seed + k };
      fill(reinterpret_cast<unsigned char*>(one + 1), length, seed + k);
      table_->chain = address_of(one);
    }
    return "";
  }

  std::string take(const std::string& name) {
    table* const its = other(name);
    uint64_t objects = 0, bytes = 0;
    while (its->chain != 0) {
      auto* const one = at<object>(its->chain);
      if (!holds(reinterpret_cast<unsigned char*>(one + 1), one->length, one->seed)) throw std::runtime_error("an object of " + name);
      its->chain = one->next;
      objects++;
      bytes += one->length;
      segment_.deallocate(one);
    }
    return std::to_string(objects) + " " + std::to_string(bytes);
  }

  std::string stats() const {
    const auto heap = std::make_unique<peermap_heap>();
    require(peermap_heap_stats(segment_.native_handle(), heap.get()));
    return std::to_string(heap->small_objects + heap->large_objects) + " " + std::to_string(heap->faults);
  }

  peermap::segment segment_;
  table* table_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    Peer peer(argv[1], argv[2], argc > 3);
    peer.say_ready();
    for (std::string line; std::getline(std::cin, line);) {
      try {
        const std::string answer = peer.obey(line);
        std::cout << "ok" << (answer.empty() ? "" : " ") << answer << std::endl;
      } catch (const std::exception& error) {
        std::cout << "error " << error.what() << std::endl;
      }
    }
    return 0;
  } catch (const std::exception& error) {
    std::cout << "error " << error.what() << std::endl;
    return 1;
  }
}
