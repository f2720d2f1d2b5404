// SPDX-License-Identifier: MIT
//
// attachment.h - the library's handle, and who uses it.  Outlives its Segment while a round runs, or a view is left.
#ifndef PEERMAP_ADDON_ATTACHMENT_H
#define PEERMAP_ADDON_ATTACHMENT_H

#include "addon.h"

#include <atomic>
#include <condition_variable>
#include <map>

namespace peermap {

struct View;

constexpr uint32_t slice_ms = 20;

// All but run() and depart() is called from the environment's own thread.
class Attachment : public Ending {
 public:
  Attachment(Napi::Env env, peermap_segment* segment) : segment_(segment), only_reads_((peermap_flags(segment) & PEERMAP_READ_ONLY) != 0) { hold(env); }
  ~Attachment() override {
    let_go();
    depart(false);
  }

  // For the calls that return at once.  NULL when detached.
  peermap_segment* segment() const { return detached_ ? nullptr : segment_; }

  // Then no view has to go for a change that is refused.
  bool only_reads() const { return only_reads_; }

  // Runs a call that may take long, on any thread; or a slice of one.
  template <typename Call>
  int run(Call call, bool slice = false) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (leaving_) return PEERMAP_EDETACHED;
    running_++;
    slices_ += slice;
    lock.unlock();
    const int rc = call(segment_);
    lock.lock();
    running_--;
    slices_ -= slice;
    ended_.fetch_add(1);
    idle_.notify_all();
    if (leaving_) wake();
    return rc;
  }

  // Takes the memory from all views, and leaves.  Where a view's memory has gone to a buffer that is not known here, it leaves when
  // that is collected.
  void leave(Napi::Env env);
  // The same without waiting for others: if true, depart() is left to be called once, on any thread.
  bool part(Napi::Env env);
  void depart(bool process_exits);
  void end(bool process_exits) override;
  // For a thread that may be the last who has this, when the environment ends: from its own thread alone it can be told that this needs no end any more.
  void outlast(std::shared_ptr<Attachment> self) { self_ = std::move(self); }

  // ---- view.cc ----

  // False if the range is not in the active memory.  Otherwise no shrink takes it away while there are views.
  bool pin(uint64_t offset, size_t length);
  void add(View* view);
  void forget(View* view);
  // Takes the memory from the views that lie in [offset, offset + length).
  void neuter(Napi::Env env, uint64_t offset, uint64_t length);
  // The one whose buffer this is; none if its memory is not its own any more.
  void release(Napi::Env env, uint64_t offset, const Napi::Value& buffer);
  void settle();

 private:
  void wake();

  std::mutex mutex_;
  std::condition_variable idle_;
  peermap_segment* segment_;
  const bool only_reads_;
  std::multimap<uint64_t, View*> views_;  // by offset
  bool pinned_ = false;
  bool detached_ = false;
  bool later_ = false;   // who leaves departs itself
  bool parted_ = false;  // and is to, or does
  int running_ = 0;  // calls,
  int slices_ = 0;   // and those of them that are over in slice_ms, if nothing holds them up
  bool leaving_ = false;
  std::atomic<uint32_t> ended_{ 0 };  // calls: a word to sleep on
  std::shared_ptr<Attachment> self_;  // until end()
};

// One ArrayBuffer over the memory itself.  Deleted when the last buffer that its memory has gone to is collected.
struct View {
  std::shared_ptr<Attachment> attachment;  // none when the memory was taken from it
  uint64_t offset;
  size_t length;
  napi_ref buffer = nullptr;  // weak

  bool is(napi_env env, napi_value other) const;
  // False if the memory is not the buffer's any more: who has it now is not known.
  bool neuter(napi_env env);
};

Napi::Value make_view(Napi::Env env, const std::shared_ptr<Attachment>& attachment, uint64_t offset, size_t length);
// Whether this runtime allows buffers over memory that is not its own.
bool can_view(Napi::Env env);

}  // namespace peermap

#endif
