// SPDX-License-Identifier: MIT
//
// look.h - what is done on a thread of its own, a look, a wait or a change, is made of: see look.cc.
#ifndef PEERMAP_ADDON_LOOK_H
#define PEERMAP_ADDON_LOOK_H

#include "addon.h"

namespace peermap {

// What is looked for, or done.  It owns what it takes, and all that it needs for that.  A look's and a wait's have nothing of JavaScript's, for the last who has them
// may be their thread.
class Task {
 public:
  virtual ~Task() = default;
  // On a thread of its own: 0 or a code of peermap.h.
  virtual int take() = 0;
  // After it failed, in the same thread.
  virtual std::string sentence() const;
  // On the environment's thread.
  virtual Napi::Value tell(Napi::Env env) = 0;
  // Likewise: the environment ends, and this is told to nobody.
  virtual void abandoned() {}
};

// `ms` 0: for as long as it takes.
Napi::Promise look(Napi::Env env, std::unique_ptr<Task> task, uint32_t ms);
// What keeps the process alive, and ends by itself soon after pmo_budget_left() says so.
Napi::Promise wait(Napi::Env env, std::unique_ptr<Task> task);
// What changes something, and has a deadline of its own.  It keeps the process alive.
Napi::Promise change(Napi::Env env, std::unique_ptr<Task> task);
// A function that returns a promise tells everything by it, what is wrong with its arguments as well: of `work`, which returns one, or throws.
template <typename Work>
Napi::Value promised(Napi::Env env, const Work& work) {
  try {
    return work();
  } catch (const Napi::Error& error) {
    const Napi::Promise::Deferred deferred(env);
    deferred.Reject(error.Value());
    return deferred.Promise();
  }
}
// options.withinMs; 0 without one.
uint32_t within_argument(const Napi::Object& options);

// A look at the whole machine, in this thread: rows() of it.
template <typename List>
Napi::Value at_once(const Napi::CallbackInfo& info) {
  List list;
  const int rc = list.take();
  if (rc != 0) throw last_error(info.Env(), rc);
  return list.rows(info.Env());
}

// The same on a thread of its own, no longer than options.withinMs: tell() of it.
template <typename List>
Napi::Value in_time(const Napi::CallbackInfo& info) {
  return promised(info.Env(), [&] {
    const Napi::Object options = options_argument(info[0], { "withinMs" });
    return look(info.Env(), std::make_unique<List>(), within_argument(options));
  });
}

// A descriptor of its own for the object that an observer has open, which may be closed meanwhile.
class ObserverTask : public Task {
 public:
  explicit ObserverTask(Napi::Env env, const pmo_observer& observer);
  ~ObserverTask() override { pmo_observer_close(&observer_); }
  ObserverTask(const ObserverTask&) = delete;
  ObserverTask& operator=(const ObserverTask&) = delete;

 protected:
  pmo_observer observer_;
};

}  // namespace peermap

#endif
