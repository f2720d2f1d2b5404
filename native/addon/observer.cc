// SPDX-License-Identifier: MIT
//
// observer.cc - Observer: the inspector's eyes.
#include "look.h"

#include <fcntl.h>

#include <cerrno>

namespace peermap {
namespace {

// A watch's thread, and the function it calls on the environment's.
class Watch : public Ending {
 public:
  // The queue holds one call: one that is waiting tells of everything that has happened until it runs.
  Watch(Napi::Env env, const Napi::Function& changed)
      : function_(Napi::ThreadSafeFunction::New(env, changed, "peermap.watch", 1, 1)) {
    function_.Unref(env);
  }
  ~Watch() override { stop(); }

  int start(Napi::Env env, const pmo_observer& observer, uint32_t interval_ms) {
    const int rc = pmo_watch_start(&observer, interval_ms, changed, this, &watch_);
    if (rc == 0) hold(env);
    return rc;
  }

  void remind() {
    if (watch_) pmo_watch_remind(watch_, PMO_HOLE_NS / 1000000 + 10);
  }

  void stop() {
    let_go();
    end(false);
  }

  void end(bool process_exits) override {
    if (watch_) pmo_watch_stop(watch_);
    watch_ = nullptr;
    // At exit the environment is beyond being told.
    if (!process_exits && !released_) function_.Abort();
    released_ = true;
  }

 private:
  static void changed(void* self) { static_cast<Watch*>(self)->function_.NonBlockingCall(); }

  Napi::ThreadSafeFunction function_;
  pmo_watch* watch_ = nullptr;
  bool released_ = false;
};

class SnapshotTask : public ObserverTask {
 public:
  SnapshotTask(Napi::Env env, const pmo_observer& observer, pmo_depth depth) : ObserverTask(env, observer), depth_(depth) {}
  ~SnapshotTask() override { pmo_snapshot_free(&snapshot_); }
  int take() override { return pmo_snapshot_take(&observer_, depth_, &snapshot_); }
  Napi::Value tell(Napi::Env env) override { return to_object(env, snapshot_); }

 private:
  const pmo_depth depth_;
  pmo_snapshot snapshot_ = {};
};

class Observer : public Napi::ObjectWrap<Observer> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Observer(const Napi::CallbackInfo& info);
  ~Observer() override {
    watch_.reset();
    pmo_observer_close(&observer_);
  }

 private:
  void require_open(Napi::Env env) const {
    if (observer_.fd < 0) throw make_error(env, PEERMAP_EDETACHED, "the observer is closed");
  }
  void end_watch();

  Napi::Value name(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value snapshot_async(const Napi::CallbackInfo& info);
  Napi::Value events(const Napi::CallbackInfo& info);
  Napi::Value packed_events(const Napi::CallbackInfo& info);
  Napi::Object read_events(const Napi::CallbackInfo& info, Napi::Object (*convert)(Napi::Env env, const pmo_events& events));
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value heap(const Napi::CallbackInfo& info);
  Napi::Value heap_async(const Napi::CallbackInfo& info);
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value unwatch(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  pmo_observer observer_ = {};
  std::string name_;
  std::unique_ptr<Watch> watch_;
};

Observer::Observer(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  observer_.fd = -1;
  name_ = string_argument(info[0], "name");
  const int rc = pmo_observer_open(name_.c_str(), &observer_);
  if (rc != 0) throw last_error(info.Env(), rc);
}

Napi::Value Observer::name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value Observer::snapshot(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object options = options_argument(info[0], { "strangers" });
  const bool strangers = boolean_argument(options.Get("strangers"), "options.strangers");
  require_open(env);
  pmo_snapshot snapshot;
  const int rc = pmo_snapshot_take(&observer_, strangers ? PMO_STRANGERS : PMO_PROCESSES, &snapshot);
  if (rc != 0) throw last_error(env, rc);
  const std::unique_ptr<pmo_snapshot, decltype(&pmo_snapshot_free)> owner(&snapshot, pmo_snapshot_free);
  return to_object(env, snapshot);
}

Napi::Value Observer::snapshot_async(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object options = options_argument(info[0], { "strangers", "withinMs" });
  const pmo_depth depth = boolean_argument(options.Get("strangers"), "options.strangers") ? PMO_STRANGERS : PMO_PROCESSES;
  require_open(env);
  return look(env, std::make_unique<SnapshotTask>(env, observer_, depth), within_argument(options));
}

Napi::Object Observer::read_events(const Napi::CallbackInfo& info, Napi::Object (*convert)(Napi::Env env, const pmo_events& events)) {
  const Napi::Env env = info.Env();
  const int64_t after = integer_argument(info[0], "after", 0, number_max);
  const int64_t limit = integer_argument(info[1], "limit", 1, number_max, 4096);
  require_open(env);
  pmo_events events;
  const int rc = pmo_events_read(&observer_, static_cast<uint64_t>(after), static_cast<size_t>(limit), &events);
  if (rc != 0) throw last_error(env, rc);
  const std::unique_ptr<pmo_events, decltype(&pmo_events_free)> owner(&events, pmo_events_free);
  // If its writer died, nothing will change any more, and yet there is more to read then.
  if (events.more_later && watch_) watch_->remind();
  return convert(env, events);
}

Napi::Value Observer::events(const Napi::CallbackInfo& info) { return read_events(info, to_object); }

Napi::Value Observer::packed_events(const Napi::CallbackInfo& info) { return read_events(info, pack); }

// Offsets count from the beginning of the data; the header is before it, at negative ones.
Napi::Value Observer::read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t offset = integer_argument(info[0], "offset", -number_max, number_max);
  const int64_t length = integer_argument(info[1], "length", 0, number_max);
  require_open(env);
  const int64_t begin = pmo_data_begin(&observer_);
  const int64_t there = begin < 0 ? begin : pmo_data_at(&observer_, offset < 0 ? 0 : static_cast<uint64_t>(offset));
  if (there < 0) throw last_error(env, static_cast<int>(there));
  if (offset < -begin) throw Napi::RangeError::New(env, "offset must be at least " + std::to_string(-begin) + ", where the header begins");
  const int64_t most = offset < 0 ? there - offset : there;
  Napi::Buffer<uint8_t> buffer = Napi::Buffer<uint8_t>::New(env, static_cast<size_t>(most < length ? most : length));
  const ssize_t got = pmo_read(observer_.fd, static_cast<uint64_t>(begin + offset), buffer.Data(), buffer.Length());
  if (got < 0) throw make_error(env, PEERMAP_EOS, "cannot read segment " + name_, static_cast<int>(-got));
  // Less if it was cut short meanwhile.
  return static_cast<size_t>(got) == buffer.Length() ? buffer : Napi::Buffer<uint8_t>::Copy(env, buffer.Data(), static_cast<size_t>(got));
}

Napi::Value Observer::heap(const Napi::CallbackInfo& info) {
  require_open(info.Env());
  return count_heap(info.Env(), observer_);
}

Napi::Value Observer::heap_async(const Napi::CallbackInfo& info) {
  const Napi::Object options = options_argument(info[0], { "withinMs" });
  require_open(info.Env());
  return look(info.Env(), heap_task(info.Env(), observer_), within_argument(options));
}

// A watched observer is not collected: its caller may keep nothing but the callback.
Napi::Value Observer::watch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "changed must be a function");
  const Napi::Object options = options_argument(info[1], { "intervalMs" });
  const int64_t interval = integer_argument(options.Get("intervalMs"), "options.intervalMs", 0, 3600000, 16);
  require_open(env);
  end_watch();
  auto watch = std::make_unique<Watch>(env, info[0].As<Napi::Function>());
  const int rc = watch->start(env, observer_, static_cast<uint32_t>(interval));
  if (rc != 0) throw last_error(env, rc);
  watch_ = std::move(watch);
  Ref();
  return env.Undefined();
}

void Observer::end_watch() {
  if (!watch_) return;
  watch_.reset();
  Unref();
}

Napi::Value Observer::unwatch(const Napi::CallbackInfo& info) {
  end_watch();
  return info.Env().Undefined();
}

Napi::Value Observer::close(const Napi::CallbackInfo& info) {
  end_watch();
  pmo_observer_close(&observer_);
  return info.Env().Undefined();
}

Napi::Function Observer::define(Napi::Env env) {
  return DefineClass(env, "Observer",
                     {
                         InstanceAccessor<&Observer::name>("name", napi_enumerable),
                         InstanceMethod<&Observer::snapshot>("snapshot"),
                         InstanceMethod<&Observer::snapshot_async>("snapshotAsync"),
                         InstanceMethod<&Observer::events>("events"),
                         InstanceMethod<&Observer::packed_events>("packedEvents"),
                         InstanceMethod<&Observer::read>("read"),
                         InstanceMethod<&Observer::heap>("heap"),
                         InstanceMethod<&Observer::heap_async>("heapAsync"),
                         InstanceMethod<&Observer::watch>("watch"),
                         InstanceMethod<&Observer::unwatch>("unwatch"),
                         InstanceMethod<&Observer::close>("close"),
                     });
}

}  // namespace

Napi::Function define_observer(Napi::Env env) { return Observer::define(env); }

ObserverTask::ObserverTask(Napi::Env env, const pmo_observer& observer) : observer_(observer) {
  observer_.fd = fcntl(observer.fd, F_DUPFD_CLOEXEC, 0);
  const int error = errno;
  if (observer_.fd < 0) throw make_error(env, PEERMAP_EOS, "segment " + std::string(observer.name) + " cannot be looked at", error);
}

}  // namespace peermap
