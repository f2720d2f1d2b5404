// SPDX-License-Identifier: MIT
//
// peer.cc - the peer in C++; see peer.h.
#include "peer.h"

#include <peermap.h>

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct failure : std::runtime_error {
  explicit failure(int rc) : runtime_error(std::string(peermap_error_name(rc)) + " " + peermap_last_error()) {}
};

void require(int rc) {
  if (rc < 0) throw failure(rc);
}

using handle = std::unique_ptr<peermap_segment, decltype(&peermap_detach)>;

handle open(const char* name, const char* peer, bool heap) {
  peermap_options options = {};
  options.struct_size = sizeof options;
  options.peer_name = peer;
  options.deadline_ms = 20000;
  options.flags = heap ? PEERMAP_HEAP : 0;
  peermap_segment* segment = nullptr;
  require(peermap_open(name, &options, &segment));
  return handle(segment, peermap_detach);
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
  Peer(const char* segment, const char* name, bool heap) : segment_(open(segment, name, heap)), table_(find(name)) {
    if (!table_) table_ = make_table(name, heap);
  }

  void say_ready() const {
    std::cout << "ready " << getpid() << ' ' << std::hex << address_of(peermap_base(segment_.get())) << std::dec << ' ' << table_->count << std::endl;
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
  table* find(const std::string& name) const { return static_cast<table*>(peermap_root(segment_.get(), name.c_str(), nullptr)); }

  table* make_table(const char* name, bool heap) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* place = heap ? peermap_calloc(segment_.get(), 1, sizeof(table)) : grown(page);
    if (!place) throw failure(PEERMAP_ENOSPC);
    require(peermap_set_root(segment_.get(), name, place, sizeof(table), "struct table"));
    return static_cast<table*>(place);
  }

  unsigned char* grown(size_t bytes) {
    peermap_round round;
    require(peermap_grow(segment_.get(), bytes, &round));
    return static_cast<unsigned char*>(peermap_base(segment_.get())) + round.size - bytes;
  }

  std::string grow(uint64_t bytes, uint64_t seed) {
    unsigned char* const place = grown(bytes);
    fill(place, bytes, seed);
    table_->pieces[table_->count] = { address_of(place), bytes, seed };
    table_->count++;
    return std::to_string(place - static_cast<unsigned char*>(peermap_base(segment_.get())));
  }

  std::string check(const std::string& name) const {
    const table* const other = find(name);
    if (!other) throw std::runtime_error("no root " + name);
    uint64_t bytes = 0;
    std::for_each_n(other->pieces, other->count, [&](const piece& one) {
      if (!holds(at<unsigned char>(one.address), one.length, one.seed)) throw std::runtime_error("a piece of " + name);
      bytes += one.length;
    });
    return std::to_string(other->count) + " " + std::to_string(bytes);
  }

  std::string peers() const {
    static const char* const states[] = { "dead", "alive", "late" };
    std::vector<peermap_peer> rows(16);
    const int count = peermap_peers(segment_.get(), rows.data(), 16);
    require(count);
    std::vector<std::string> words;
    for (int i = 0; i < count; i++) words.push_back(std::string(rows[i].name) + ":" + states[rows[i].state]);
    std::sort(words.begin(), words.end());
    std::string all;
    for (const std::string& one : words) all += (all.empty() ? "" : " ") + one;
    return all;
  }

  std::string make(uint64_t count, uint64_t seed) {
    for (uint64_t k = 0; k < count; k++) {
      const uint64_t length = LENGTH_OF(seed, k);
      auto* const one = static_cast<object*>(peermap_alloc(segment_.get(), sizeof(object) + length));
      if (!one) throw failure(PEERMAP_ENOSPC);
      *one = { table_->chain, length, seed + k };
      fill(reinterpret_cast<unsigned char*>(one + 1), length, seed + k);
      table_->chain = address_of(one);
    }
    return "";
  }

  std::string take(const std::string& name) {
    table* const other = find(name);
    uint64_t objects = 0, bytes = 0;
    while (other->chain != 0) {
      auto* const one = at<object>(other->chain);
      if (!holds(reinterpret_cast<unsigned char*>(one + 1), one->length, one->seed)) throw std::runtime_error("an object of " + name);
      other->chain = one->next;
      objects++;
      bytes += one->length;
      peermap_free(segment_.get(), one);
    }
    return std::to_string(objects) + " " + std::to_string(bytes);
  }

  std::string stats() const {
    const auto heap = std::make_unique<peermap_heap>();
    require(peermap_heap_stats(segment_.get(), heap.get()));
    return std::to_string(heap->small_objects + heap->large_objects) + " " + std::to_string(heap->faults);
  }

  handle segment_;
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
