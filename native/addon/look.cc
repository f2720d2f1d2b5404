// SPDX-License-Identifier: MIT
//
// look.cc - looks that may take long, each on a thread of its own: what is looked at may be made so that it takes for ever, and even so that the kernel
// does not come back from it.  Threads of the pool are few, and files and names wait for them.  The same for changes that wait for others: joining, rounds,
// leaving, removing.
//
//     look(env, task, ms) -> task->take() on the thread, no longer than its budget (native/observer/budget.h) -> task->tell() on the environment's
//
// A look does not keep the process alive, a wait and a change do.  At the end of its environment a look and a wait are abandoned: nobody waits for what may never
// come back, and the thread, which has what it needs, clears that away when it does.  A change is waited for, until its deadline, so that a worker that has ended is
// no peer any more.  At the exit of the process nobody waits for any.
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

class Look;

// What the thread has.  It outlives the environment where that does not wait.
struct Work {
  Work(std::unique_ptr<Task> what, uint32_t within_ms, Look* who) : task(std::move(what)), ms(within_ms), listener(who) {}

  // Nobody listens any more, and what is looked for is not wanted.
  void abandon() {
    poke32(&stop, 1);
    std::lock_guard<std::mutex> lock(mutex);
    listener = nullptr;
  }
  void run();

  const std::unique_ptr<Task> task;
  const uint32_t ms;
  std::mutex mutex;
  Look* listener;
  uint32_t stop = 0;
  int rc = 0;
  int error = 0;
  std::string sentence;
};

enum class Kind { look, wait, change };

class Look : public Ending {
 public:
  Look(Napi::Env env, std::unique_ptr<Task> task, uint32_t ms, Kind kind)
      : deferred_(env), work_(std::make_shared<Work>(std::move(task), ms, this)), kind_(kind),
        function_(Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "peermap.look", 0, 1)) {
    if (kind == Kind::look) function_.Unref(env);
  }

  Napi::Promise begin(Napi::Env env) {
    const Napi::Promise promise = deferred_.Promise();
    try {
      thread_ = std::thread([work = work_] { work->run(); });
    } catch (const std::system_error& error) {
      const int number = error.code().value();
      function_.Abort();
      delete this;
      throw make_error(env, PEERMAP_EOS, "there is no thread for this: " + std::string(std::strerror(number)), number);
    }
    hold(env);
    return promise;
  }

  void stop() override { work_->abandon(); }

  // At the exit of the process what the thread has stays, for it may be in the kernel for as long as that likes.
  void end(bool process_exits) override {
    work_->abandon();
    if (process_exits || kind_ != Kind::change)
      thread_.detach();
    else
      thread_.join();
    if (process_exits) return;
    function_.Abort();
    work_->task->abandoned();
    delete this;
  }

  // On its thread.
  void done() {
    function_.NonBlockingCall([this](Napi::Env env, Napi::Function) { settle(env); });
  }

 private:
  void settle(Napi::Env env) {
    thread_.join();
    let_go();
    try {
      if (work_->rc != 0) throw make_error(env, work_->rc, work_->sentence, work_->error);
      deferred_.Resolve(work_->task->tell(env));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
    function_.Release();
    delete this;
  }

  Napi::Promise::Deferred deferred_;
  const std::shared_ptr<Work> work_;
  const Kind kind_;
  Napi::ThreadSafeFunction function_;
  std::thread thread_;
};

void Work::run() {
  pmo_budget_begin(ms, &stop);
  rc = task->take();
  if (rc != 0) {
    error = rc == PEERMAP_EOS || rc == PEERMAP_EACCES ? errno : 0;
    sentence = task->sentence();
  }
  pmo_budget_end();
  std::lock_guard<std::mutex> lock(mutex);
  if (listener) listener->done();
}

}  // namespace

std::string Task::sentence() const { return peermap_last_error(); }

Napi::Promise look(Napi::Env env, std::unique_ptr<Task> task, uint32_t ms) { return (new Look(env, std::move(task), ms, Kind::look))->begin(env); }

Napi::Promise wait(Napi::Env env, std::unique_ptr<Task> task) { return (new Look(env, std::move(task), 0, Kind::wait))->begin(env); }

Napi::Promise change(Napi::Env env, std::unique_ptr<Task> task) { return (new Look(env, std::move(task), 0, Kind::change))->begin(env); }

uint32_t within_argument(const Napi::Object& options) {
  return static_cast<uint32_t>(integer_argument(options.Get("withinMs"), "options.withinMs", 1, 3600000, 0));
}

}  // namespace peermap
