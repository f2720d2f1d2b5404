// SPDX-License-Identifier: MIT
//
// segment.h - Segment: this process as a peer, and what it shares with its rounds.
//
//     Segment (collected by JavaScript) --shared_ptr--> Attachment <--shared_ptr-- Round (on a thread of its own)
//                                                           ^---------shared_ptr-- View (of an ArrayBuffer)
#ifndef PEERMAP_ADDON_SEGMENT_H
#define PEERMAP_ADDON_SEGMENT_H

#include "attachment.h"
#include "look.h"

#include <deque>
#include <vector>

namespace peermap {

enum class Op { grow, grow_to, shrink, remap, map, trim, reap, reap_peers };

// A round that has not begun, and whom it answers.
struct Waiting {
  Napi::Promise::Deferred deferred;
  std::unique_ptr<Task> round;
};

// Calls that say it by their arguments only, as being outside of nothing, say so first.
void throw_if_lost(Napi::Env env, peermap_segment* segment);
// What lies outside the active memory, or was lost.
Napi::Error outside(Napi::Env env, peermap_segment* segment, uint64_t offset, uint64_t length);

class Segment : public Napi::ObjectWrap<Segment> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Segment(const Napi::CallbackInfo& info);
  ~Segment() override { attachment_.reset(); }

  void completed(Napi::Env env);
  void abandon();

 private:
  using Enter = int (*)(const char*, const peermap_options*, peermap_segment**);
  template <Enter enter>
  static Napi::Value enter_by(const Napi::CallbackInfo& info);
  template <Enter enter>
  static Napi::Value enter_async(const Napi::CallbackInfo& info);
  template <Op op>
  Napi::Value round(const Napi::CallbackInfo& info);
  peermap_segment* handle(Napi::Env env) const;

  Napi::Value name(const Napi::CallbackInfo& info);
  Napi::Value base(const Napi::CallbackInfo& info);
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value page_size(const Napi::CallbackInfo& info);
  Napi::Value epoch(const Napi::CallbackInfo& info);
  Napi::Value results(const Napi::CallbackInfo& info);
  Napi::Value peers(const Napi::CallbackInfo& info);
  Napi::Value me(const Napi::CallbackInfo& info);
  Napi::Value read_only(const Napi::CallbackInfo& info);
  Napi::Value add_pin(const Napi::CallbackInfo& info);
  Napi::Value drop_pin(const Napi::CallbackInfo& info);
  Napi::Value pid_of(const Napi::CallbackInfo& info);
  Napi::Value reap(const Napi::CallbackInfo& info);
  Napi::Value wait_root(const Napi::CallbackInfo& info);
  Napi::Value wait_roots(const Napi::CallbackInfo& info);
  Napi::Value wait_size(const Napi::CallbackInfo& info);
  Napi::Value wait_word(const Napi::CallbackInfo& info);
  Napi::Value wait_word_sync(const Napi::CallbackInfo& info);
  Napi::Value notify(const Napi::CallbackInfo& info);
  Napi::Value peer_ended(const Napi::CallbackInfo& info);
  Napi::Value wait_ended(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value view(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);
  Napi::Value detach(const Napi::CallbackInfo& info);
  Napi::Value detach_async(const Napi::CallbackInfo& info);

  // roots.cc
  Napi::Value set_root(const Napi::CallbackInfo& info);
  Napi::Value remove_root(const Napi::CallbackInfo& info);
  Napi::Value compare_exchange_root(const Napi::CallbackInfo& info);
  Napi::Value root(const Napi::CallbackInfo& info);
  Napi::Value roots(const Napi::CallbackInfo& info);

  // heap.cc
  size_t object_argument(const Napi::CallbackInfo& info);
  Napi::Value allocate(const Napi::CallbackInfo& info);
  Napi::Value allocate_to(const Napi::CallbackInfo& info);
  Napi::Value objects_from(const Napi::CallbackInfo& info);
  Napi::Value reallocate(const Napi::CallbackInfo& info);
  Napi::Value deallocate(const Napi::CallbackInfo& info);
  Napi::Value object_size(const Napi::CallbackInfo& info);
  Napi::Value heap_stats(const Napi::CallbackInfo& info);
  Napi::Value heap_peers(const Napi::CallbackInfo& info);

  std::shared_ptr<Attachment> attachment_;
  std::string name_;
  std::deque<Waiting> waiting_;  // the one that runs is not among them
  bool running_ = false;
  uint64_t pins_ = 0;  // of addPin()
};

// roots.cc.  Undefined if there is none.
Napi::Value root_object(Napi::Env env, peermap_segment* segment, const peermap_root_copy& copy);

// All the rows that one of the library's functions copies: more may come between two calls.
template <typename Row, typename Convert>
Napi::Array rows_of(Napi::Env env, peermap_segment* segment, int (*copy)(peermap_segment*, Row*, int), const Convert& convert) {
  std::vector<Row> rows;
  int count = copy(segment, nullptr, 0);
  while (count > static_cast<int>(rows.size())) {
    rows.resize(static_cast<size_t>(count));
    count = copy(segment, rows.data(), count);
  }
  if (count < 0) throw last_error(env, count);
  Napi::Array array = Napi::Array::New(env);
  for (int i = 0; i < count; i++) array.Set(array.Length(), convert(env, rows[static_cast<size_t>(i)]));
  return array;
}

template <typename Row>
Napi::Array rows_of(Napi::Env env, peermap_segment* segment, int (*copy)(peermap_segment*, Row*, int)) {
  return rows_of<Row>(env, segment, copy, [](Napi::Env in, const Row& row) { return to_object(in, row); });
}

}  // namespace peermap

#endif
