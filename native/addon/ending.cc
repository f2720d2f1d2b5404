// SPDX-License-Identifier: MIT
//
// ending.cc - ending what has threads before its environment ends (a worker is terminated; its code may be unloaded next), or the
// process exits (process.exit() runs no hooks of the main environment, but it does run the handlers of atexit).
//
// Hooks run last in, first out.  So a hook that was added after a ThreadSafeFunction was made finds that function still usable.
#include "addon.h"

#include <cstdlib>
#include <set>

namespace peermap {
namespace {

// Never destroyed: handlers of atexit and destructors of static objects have no order that could be relied on.
struct Held {
  std::mutex mutex;
  std::set<Ending*> all;
};

Held& held() {
  static Held* const held = new Held;
  return *held;
}

void process_exits() {
  // By now nothing else runs: worker threads were joined before exit() was called.
  std::set<Ending*> all;
  {
    std::lock_guard<std::mutex> lock(held().mutex);
    all.swap(held().all);
  }
  for (Ending* one : all) one->stop();
  for (Ending* one : all) one->end(true);
}

}  // namespace

void Ending::hold(Napi::Env env) {
  static std::once_flag once;
  std::call_once(once, [] { std::atexit(process_exits); });
  env_ = env;
  napi_add_env_cleanup_hook(env_, environment_ends, this);
  std::lock_guard<std::mutex> lock(held().mutex);
  held().all.insert(this);
}

void Ending::let_go() {
  if (!env_) return;
  napi_remove_env_cleanup_hook(env_, environment_ends, this);
  env_ = nullptr;
  std::lock_guard<std::mutex> lock(held().mutex);
  held().all.erase(this);
}

void Ending::environment_ends(void* self) {
  Ending* const one = static_cast<Ending*>(self);
  {
    std::lock_guard<std::mutex> lock(held().mutex);
    held().all.erase(one);
  }
  one->env_ = nullptr;
  one->end(false);
}

}  // namespace peermap
