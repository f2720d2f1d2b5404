// SPDX-License-Identifier: MIT
//
// look.h - what is done on a thread of its own, a look or a change, is made of: see look.cc.
#ifndef PEERMAP_ADDON_LOOK_H
#define PEERMAP_ADDON_LOOK_H

#include "addon.h"

namespace peermap {

// What is looked for, or done.  It owns what it takes, and all that it needs for that.
class Task {
 public:
  virtual ~Task() = default;
  // On a thread of its own: 0 or a code of peermap.h.
  virtual int take() = 0;
  // After it failed, in the same thread.
  virtual std::string sentence() const;
  // On the environment's thread.
  virtual Napi::Value tell(Napi::Env env) = 0;
};

// `ms` 0: for as long as it takes.
Napi::Promise look(Napi::Env env, std::unique_ptr<Task> task, uint32_t ms);
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
