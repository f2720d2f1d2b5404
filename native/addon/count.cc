// SPDX-License-Identifier: MIT
//
// count.cc - Observer.heap(): what pmo_heap_take() adds up, in the words of peermap_heap and peermap_heap_peer.
#include "addon.h"

extern "C" {
#include "os.h"
}

#include <cerrno>
#include <cstring>

namespace peermap {
namespace {

struct Problems {
  pmo_problems list = {};
  ~Problems() { pmo_problems_free(&list); }
};

struct Count {
  pmo_heap heap = {};
  ~Count() { pmo_heap_free(&heap); }
};

struct Registry {
  pmo_snapshot snapshot = {};
  ~Registry() { pmo_snapshot_free(&snapshot); }
};

peermap_heap sums_of(const pmo_heap& heap) {
  const pm_tally& tally = heap.tally;
  peermap_heap out = {};
  out.size = heap.size;
  out.used = pm_tally_used(&tally);
  out.large_objects = tally.large_objects;
  out.large_bytes = tally.large_bytes;
  out.span_bytes = tally.span_bytes;
  // What is on its way from one hand to another is in no object.
  out.free_bytes = tally.free_bytes + tally.claimed_bytes;
  out.hole_bytes = tally.hole_bytes;
  out.largest_free = tally.largest_free;
  out.grown = heap.grown;
  out.faults = heap.faults;
  out.reclaimed = heap.reclaimed;
  out.lost_threads = heap.lost_threads;
  out.metadata = heap.metadata;
  out.classes = PM_CLASSES;
  for (uint32_t i = 0; i < PM_CLASSES; i++) {
    const auto& one = tally.classes[i];
    out.small_objects += one.objects;
    out.class_[i].stride = pm_classes[i].stride;
    out.class_[i].spans = static_cast<uint32_t>(one.spans);
    out.class_[i].objects = one.objects;
    out.class_[i].capacity = one.spans * pm_classes[i].capacity;
    out.class_[i].bytes = one.bytes;
  }
  return out;
}

// Pid and name are the registry's; those that have ended have none.
peermap_heap_peer row_of(const pmo_heap_peer& peer, const pmo_snapshot& snapshot) {
  peermap_heap_peer row = {};
  for (size_t i = 0; peer.slot != PM_NO_SLOT && i < snapshot.peer_count; i++) {
    if (snapshot.peers[i].index != peer.slot) continue;
    row.pid = static_cast<pid_t>(snapshot.peers[i].slot.pid);
    std::memcpy(row.name, snapshot.peers[i].slot.name, sizeof row.name);
  }
  row.threads = peer.threads;
  row.spans = static_cast<uint32_t>(peer.spans);
  row.span_bytes = peer.span_bytes;
  row.allocations = peer.allocations;
  row.allocated_bytes = peer.allocated_bytes;
  row.frees = peer.frees;
  row.freed_bytes = peer.freed_bytes;
  return row;
}

}  // namespace

Napi::Value count_heap(Napi::Env env, const pmo_observer& observer) {
  const uint64_t began = pm_now();
  Problems problems;
  Count count;
  const int rc = pmo_heap_take(&observer, &count.heap, &problems.list);
  const int error = errno;
  if (rc != 0) {
    const std::string what = problems.list.count > 0 ? problems.list.list[0].text : std::strerror(error);
    throw make_error(env, rc, "the heap of segment " + std::string(observer.name) + " cannot be counted: " + what,
                     rc == PEERMAP_EOS ? error : 0);
  }
  if (!count.heap.present) return env.Undefined();
  Registry registry;
  const int seen = pmo_snapshot_take(&observer, PMO_REGISTRY, &registry.snapshot);
  if (seen != 0) throw last_error(env, seen);
  const uint64_t ended = pm_now();
  Napi::Object object = to_object(env, sums_of(count.heap));
  Napi::Array peers = Napi::Array::New(env, count.heap.peer_count);
  for (uint32_t i = 0; i < count.heap.peer_count; i++) peers.Set(i, to_object(env, row_of(count.heap.peers[i], registry.snapshot)));
  object.Set("peers", peers);
  object.Set("tookNs", to_number(env, ended - began));
  object.Set("problems", to_array(env, problems.list));
  return object;
}

}  // namespace peermap
