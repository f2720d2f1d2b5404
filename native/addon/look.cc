// SPDX-License-Identifier: MIT
//
// look.cc - looks that may take long, each on a thread of its own: what is looked at may be made so that it takes for ever, and even so that the kernel
// does not come back from it.  Threads of the pool are few, and files and names wait for them.  The same for changes that wait for others: joining, leaving,
// removing.
//
//     look(env, task, ms) -> task->take() on the thread, no longer than its budget (native/observer/budget.h) -> task->tell() on the environment's
//
// A look does not keep the process alive, a change does.  At the exit of the process nobody waits for either.
#include "look.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

extern "C" {
#include "budget.h"
#include "order.h"
}

namespace peermap {
namespace {

class Look : public Ending {
 public:
  Look(Napi::Env env, std::unique_ptr<Task> task, uint32_t ms, bool keeps_alive)
      : deferred_(env), task_(std::move(task)), ms_(ms),
        function_(Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "peermap.look", 0, 1)) {
    if (!keeps_alive) function_.Unref(env);
  }

  Napi::Promise begin(Napi::Env env) {
    const Napi::Promise promise = deferred_.Promise();
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
      const int number = error.code().value();
      function_.Abort();
      delete this;
      throw make_error(env, PEERMAP_EOS, "there is no thread for this: " + std::string(std::strerror(number)), number);
    }
    hold(env);
    return promise;
  }

  // At the exit of the process what the thread has stays, for it may be in the kernel for as long as that likes.
  void end(bool process_exits) override {
    poke32(&stop_, 1);
    if (process_exits) {
      std::lock_guard<std::mutex> lock(mutex_);
      nobody_listens_ = true;
      thread_.detach();
      return;
    }
    thread_.join();
    function_.Abort();
    delete this;
  }

 private:
  void run() {
    pmo_budget_begin(ms_, &stop_);
    rc_ = task_->take();
    if (rc_ != 0) {
      errno_ = rc_ == PEERMAP_EOS || rc_ == PEERMAP_EACCES ? errno : 0;
      sentence_ = task_->sentence();
    }
    pmo_budget_end();
    std::lock_guard<std::mutex> lock(mutex_);
    if (!nobody_listens_ && peek32(&stop_) == 0) function_.NonBlockingCall([this](Napi::Env env, Napi::Function) { settle(env); });
  }

  void settle(Napi::Env env) {
    thread_.join();
    let_go();
    try {
      if (rc_ != 0) throw make_error(env, rc_, sentence_, errno_);
      deferred_.Resolve(task_->tell(env));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
    function_.Release();
    delete this;
  }

  Napi::Promise::Deferred deferred_;
  const std::unique_ptr<Task> task_;
  const uint32_t ms_;
  Napi::ThreadSafeFunction function_;
  std::thread thread_;
  std::mutex mutex_;
  bool nobody_listens_ = false;
  uint32_t stop_ = 0;
  int rc_ = 0;
  int errno_ = 0;
  std::string sentence_;
};

}  // namespace

std::string Task::sentence() const { return peermap_last_error(); }

Napi::Promise look(Napi::Env env, std::unique_ptr<Task> task, uint32_t ms) { return (new Look(env, std::move(task), ms, false))->begin(env); }

Napi::Promise change(Napi::Env env, std::unique_ptr<Task> task) { return (new Look(env, std::move(task), 0, true))->begin(env); }

uint32_t within_argument(const Napi::Object& options) {
  return static_cast<uint32_t>(integer_argument(options.Get("withinMs"), "options.withinMs", 1, 3600000, 0));
}

}  // namespace peermap
