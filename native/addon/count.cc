// SPDX-License-Identifier: MIT
//
// count.cc - Observer.heap(): what pmo_heap_take() adds up, in the words of peermap_heap and peermap_heap_peer.
#include "look.h"

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

std::vector<peermap_heap_class> classes_of(const pm_tally& tally) {
  std::vector<peermap_heap_class> classes(PM_CLASSES);
  for (uint32_t i = 0; i < PM_CLASSES; i++) {
    const auto& one = tally.classes[i];
    classes[i].stride = pm_classes[i].stride;
    classes[i].spans = static_cast<uint32_t>(one.spans);
    classes[i].objects = one.objects;
    classes[i].capacity = one.spans * pm_classes[i].capacity;
    classes[i].bytes = one.bytes;
  }
  return classes;
}

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
  for (const auto& one : tally.classes) out.small_objects += one.objects;
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

// What one look found.
struct Found {
  Count count;
  Registry registry;
  Problems problems;
  uint64_t took_ns = 0;
};

// 0, or the code of an error, whose sentence is then in `what`.
int take(const pmo_observer& observer, Found& found, std::string& what) {
  const uint64_t began = pm_now();
  int rc = pmo_heap_take(&observer, &found.count.heap, &found.problems.list);
  const int error = errno;
  if (rc != 0) {
    what = found.problems.list.count > 0 ? found.problems.list.list[0].text : std::strerror(error);
    what = "the heap of segment " + std::string(observer.name) + " cannot be counted: " + what;
    errno = error;
    return rc;
  }
  if (found.count.heap.present) rc = pmo_snapshot_take(&observer, PMO_REGISTRY, &found.registry.snapshot);
  if (rc != 0) what = peermap_last_error();
  found.took_ns = pm_now() - began;
  return rc;
}

Napi::Value tell(Napi::Env env, const Found& found) {
  const pmo_heap& heap = found.count.heap;
  if (!heap.present) return env.Undefined();
  Napi::Object object = to_object(env, sums_of(heap), classes_of(heap.tally));
  Napi::Array peers = Napi::Array::New(env, heap.peer_count);
  for (uint32_t i = 0; i < heap.peer_count; i++) peers.Set(i, to_object(env, row_of(heap.peers[i], found.registry.snapshot)));
  object.Set("peers", peers);
  object.Set("tookNs", to_number(env, found.took_ns));
  object.Set("problems", to_array(env, found.problems.list));
  return object;
}

class HeapTask : public ObserverTask {
 public:
  using ObserverTask::ObserverTask;
  int take() override { return peermap::take(observer_, found_, what_); }
  std::string sentence() const override { return what_; }
  Napi::Value tell(Napi::Env env) override { return peermap::tell(env, found_); }

 private:
  Found found_;
  std::string what_;
};

}  // namespace

Napi::Value count_heap(Napi::Env env, const pmo_observer& observer) {
  Found found;
  std::string what;
  const int rc = take(observer, found, what);
  if (rc != 0) throw make_error(env, rc, what, rc == PEERMAP_EOS ? errno : 0);
  return tell(env, found);
}

std::unique_ptr<Task> heap_task(Napi::Env env, const pmo_observer& observer) { return std::make_unique<HeapTask>(env, observer); }

}  // namespace peermap
