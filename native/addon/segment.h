// SPDX-License-Identifier: MIT
//
// segment.h - Segment: this process as a peer, and what it shares with its rounds.
//
//     Segment (collected by JavaScript) --shared_ptr--> Attachment <--shared_ptr-- Round (on a thread of the pool)
#ifndef PEERMAP_ADDON_SEGMENT_H
#define PEERMAP_ADDON_SEGMENT_H

#include "addon.h"

#include <condition_variable>
#include <deque>

namespace peermap {

// The library's handle, and who uses it.  Outlives its Segment while a round runs.
class Attachment : public Ending {
 public:
  Attachment(Napi::Env env, peermap_segment* segment) : segment_(segment) { hold(env); }
  ~Attachment() override { leave(); }

  // For the calls that return at once, all from the environment's own thread, as leave() is.  NULL when detached.
  peermap_segment* segment() const { return segment_; }

  // Runs a call that may take long, on any thread.
  template <typename Call>
  int run(Call call) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (leaving_) return PEERMAP_EDETACHED;
    running_ = true;
    lock.unlock();
    const int rc = call(segment_);
    lock.lock();
    running_ = false;
    idle_.notify_all();
    return rc;
  }

  void leave() {
    let_go();
    depart(false);
  }

  void end(bool process_exits) override { depart(process_exits); }

 private:
  void depart(bool process_exits) {
    std::unique_lock<std::mutex> lock(mutex_);
    leaving_ = true;
    // At exit nobody waits for a round: the kernel marks the peer dead, and that is all that a detach would have improved on.
    if (process_exits && running_) return;
    idle_.wait(lock, [this] { return !running_; });
    peermap_segment* const segment = segment_;
    segment_ = nullptr;
    lock.unlock();
    peermap_detach(segment);
  }

  std::mutex mutex_;
  std::condition_variable idle_;
  peermap_segment* segment_;
  bool running_ = false;
  bool leaving_ = false;
};

enum class Op { grow, shrink, remap, map };

class Round;

class Segment : public Napi::ObjectWrap<Segment> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Segment(const Napi::CallbackInfo& info);
  ~Segment() override { attachment_.reset(); }

  void completed();
  void abandon();

 private:
  using Enter = int (*)(const char*, const peermap_options*, peermap_segment**);
  template <Enter enter>
  static Napi::Value enter_by(const Napi::CallbackInfo& info);
  template <Op op>
  Napi::Value round(const Napi::CallbackInfo& info);
  peermap_segment* handle(Napi::Env env) const;

  Napi::Value name(const Napi::CallbackInfo& info);
  Napi::Value base(const Napi::CallbackInfo& info);
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value page_size(const Napi::CallbackInfo& info);
  Napi::Value epoch(const Napi::CallbackInfo& info);
  Napi::Value answers(const Napi::CallbackInfo& info);
  Napi::Value peers(const Napi::CallbackInfo& info);
  Napi::Value pid_of(const Napi::CallbackInfo& info);
  Napi::Value reap(const Napi::CallbackInfo& info);
  Napi::Value set_root(const Napi::CallbackInfo& info);
  Napi::Value remove_root(const Napi::CallbackInfo& info);
  Napi::Value root(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value detach(const Napi::CallbackInfo& info);

  std::shared_ptr<Attachment> attachment_;
  std::string name_;
  std::deque<Round*> waiting_;  // their promises are pending; the one that runs is not among them
  bool running_ = false;
};

}  // namespace peermap

#endif
