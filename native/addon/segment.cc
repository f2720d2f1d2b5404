// SPDX-License-Identifier: MIT
//
// segment.cc - Segment: this process as a peer.
//
//     Segment (collected by JavaScript) --shared_ptr--> Attachment <--shared_ptr-- Round (on a thread of the pool)
//
// Rounds may wait for other processes, so they run off the main thread; one at a time for each Segment, in the order they were asked
// for, because the library serialises them anyway and a waiting thread of the pool is of no use to anybody.
#include "addon.h"

#include <condition_variable>
#include <cstring>
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

namespace {

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

// Of the handle's last round.  A code of peermap.h, or 0.
int read_answers(peermap_segment* segment, std::vector<peermap_answer>& answers) {
  int count = peermap_answers(segment, nullptr, 0);
  while (count > static_cast<int>(answers.size())) {  // another round may end between two calls
    answers.resize(static_cast<size_t>(count));
    count = peermap_answers(segment, answers.data(), count);
  }
  answers.resize(static_cast<size_t>(count < 0 ? 0 : count));
  return count < 0 ? count : 0;
}

// One round, from the call to its promise.  Keeps its Segment from being collected.
class Round : public Napi::AsyncWorker {
 public:
  Round(Napi::Env env, Segment* segment, std::shared_ptr<Attachment> attachment, Op op, size_t bytes, pid_t pid)
      : AsyncWorker(env, "peermap.round"), deferred_(env), segment_(segment), self_(Napi::Persistent(segment->Value())),
        attachment_(std::move(attachment)), op_(op), bytes_(bytes), pid_(pid) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    rc_ = attachment_->run([this](peermap_segment* segment) {
      const int rc = ask(segment);
      if (rc != 0) {
        errno_ = rc == PEERMAP_EOS ? errno : 0;
        sentence_ = peermap_last_error();
      }
      // What was refused before anybody was asked has no answers; the handle still has those of the round before.
      if (report_.round.peers > 0) read_answers(segment, report_.answers);
      return rc;
    });
  }

  int ask(peermap_segment* segment) {
    switch (op_) {
      case Op::grow: return peermap_grow(segment, bytes_, &report_.round);
      case Op::shrink: return peermap_shrink(segment, bytes_, &report_.round);
      case Op::remap: return peermap_remap(segment, pid_, &report_.round);
      default: return peermap_map_peer(segment, pid_, &report_.round);
    }
  }

  void OnOK() override {
    try {
      if (rc_ == 0) {
        deferred_.Resolve(to_object(Env(), report_));
      } else {
        deferred_.Reject(make_error(Env(), rc_, sentence_, errno_, &report_).Value());
      }
    } catch (const Napi::Error&) {
      segment_->abandon();  // the environment is ending: nobody hears of this round or of those that wait
      return;
    }
    segment_->completed();
  }

 private:
  Napi::Promise::Deferred deferred_;
  Segment* const segment_;
  const Napi::ObjectReference self_;
  const std::shared_ptr<Attachment> attachment_;
  const Op op_;
  const size_t bytes_;
  const pid_t pid_;
  Report report_;
  int rc_ = 0;
  int errno_ = 0;
  std::string sentence_;
};

// The options, and the strings they point to.
struct Options {
  peermap_options c = {};
  std::string peer_name;

  explicit Options(const Napi::Value& value) {
    const Napi::Object given = options_argument(value, "options").As<Napi::Object>();
    c.struct_size = sizeof c;
    if (!given.Get("peerName").IsUndefined()) {
      peer_name = string_argument(given.Get("peerName"), "options.peerName");
      c.peer_name = peer_name.c_str();
    }
    c.initial_size = static_cast<size_t>(integer_argument(given.Get("initialSize"), "options.initialSize", 1, number_max, 0));
    c.reserve_size = static_cast<size_t>(integer_argument(given.Get("reserveSize"), "options.reserveSize", 1, number_max, 0));
    c.ahead = static_cast<size_t>(integer_argument(given.Get("ahead"), "options.ahead", 1, number_max, 0));
    c.heap_step = static_cast<size_t>(integer_argument(given.Get("heapStep"), "options.heapStep", 1, number_max, 0));
    c.deadline_ms = static_cast<uint32_t>(integer_argument(given.Get("deadlineMs"), "options.deadlineMs", 1, UINT32_MAX, 0));
    c.max_peers = static_cast<uint32_t>(integer_argument(given.Get("maxPeers"), "options.maxPeers", 1, UINT32_MAX, 0));
    c.mode = static_cast<uint32_t>(integer_argument(given.Get("mode"), "options.mode", 1, 0777, 0));
    flag(given, "allowLate", PEERMAP_ALLOW_LATE);
    flag(given, "relocatable", PEERMAP_RELOCATABLE);
    flag(given, "strict", PEERMAP_STRICT);
    flag(given, "noInject", PEERMAP_NO_INJECT);
    flag(given, "prefault", PEERMAP_PREFAULT);
    flag(given, "huge", PEERMAP_HUGE);
    flag(given, "heap", PEERMAP_HEAP);
  }

  void flag(const Napi::Object& given, const char* name, uint32_t bit) {
    if (boolean_argument(given.Get(name), (std::string("options.") + name).c_str())) c.flags |= bit;
  }
};

template <Segment::Enter enter>
Napi::Value Segment::enter_by(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = string_argument(info[0], "name");
  const Options options(info[1]);
  peermap_segment* segment;
  const int rc = enter(name.c_str(), &options.c, &segment);
  if (rc != 0) throw last_error(env, rc);
  auto attachment = std::make_shared<Attachment>(env, segment);
  Instance* const instance = env.GetInstanceData<Instance>();
  instance->entering = &attachment;
  return instance->segment.New({ info[0] });
}

Segment::Segment(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Instance* const instance = info.Env().GetInstanceData<Instance>();
  if (!instance->entering) throw Napi::TypeError::New(info.Env(), "use Segment.create(), Segment.attach() or Segment.open()");
  attachment_ = std::move(*instance->entering);
  instance->entering = nullptr;
  name_ = info[0].As<Napi::String>();
}

peermap_segment* Segment::handle(Napi::Env env) const {
  peermap_segment* const segment = attachment_ ? attachment_->segment() : nullptr;
  if (!segment) throw make_error(env, PEERMAP_EDETACHED, "");
  return segment;
}

Napi::Value Segment::name(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value Segment::base(const Napi::CallbackInfo& info) {
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(reinterpret_cast<uintptr_t>(peermap_base(handle(info.Env())))));
}

Napi::Value Segment::size(const Napi::CallbackInfo& info) { return to_number(info.Env(), peermap_size(handle(info.Env()))); }
Napi::Value Segment::page_size(const Napi::CallbackInfo& info) {
  return to_number(info.Env(), peermap_page_size(handle(info.Env())));
}

Napi::Value Segment::epoch(const Napi::CallbackInfo& info) { return to_number(info.Env(), peermap_epoch(handle(info.Env()))); }

// ---- rounds ----

template <Op op>
Napi::Value Segment::round(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  // A function that returns a promise tells everything by it.
  try {
    constexpr bool sized = op == Op::grow || op == Op::shrink;
    const int64_t bytes = sized ? integer_argument(info[0], "bytes", 1, number_max) : 0;
    const int64_t pid = sized ? 0 : integer_argument(info[0], "pid", 1, INT32_MAX, 0);
    handle(env);
    Round* const round = new Round(env, this, attachment_, op, static_cast<size_t>(bytes), static_cast<pid_t>(pid));
    const Napi::Promise promise = round->promise();
    waiting_.push_back(round);
    if (!running_) completed();
    return promise;
  } catch (const Napi::Error& error) {
    const Napi::Promise::Deferred deferred(env);
    deferred.Reject(error.Value());
    return deferred.Promise();
  }
}

Napi::Value Segment::answers(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<peermap_answer> rows;
  const int rc = read_answers(handle(env), rows);
  if (rc != 0) throw last_error(env, rc);
  Napi::Array array = Napi::Array::New(env, rows.size());
  for (size_t i = 0; i < rows.size(); i++) array.Set(static_cast<uint32_t>(i), to_object(env, rows[i]));
  return array;
}

void Segment::completed() {
  running_ = !waiting_.empty();
  if (!running_) return;
  Round* const next = waiting_.front();
  waiting_.pop_front();
  next->Queue();
}

void Segment::abandon() {
  for (Round* round : waiting_) delete round;
  waiting_.clear();
  running_ = false;
}

// ---- registry and roots ----

Napi::Value Segment::peers(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<peermap_peer> rows;
  int count = peermap_peers(handle(env), nullptr, 0);
  while (count > static_cast<int>(rows.size())) {  // more may come between two calls
    rows.resize(static_cast<size_t>(count));
    count = peermap_peers(handle(env), rows.data(), count);
  }
  if (count < 0) throw last_error(env, count);
  Napi::Array array = Napi::Array::New(env);
  for (int i = 0; i < count; i++) array.Set(array.Length(), to_object(env, rows[static_cast<size_t>(i)]));
  return array;
}

Napi::Value Segment::pid_of(const Napi::CallbackInfo& info) {
  const std::string peer = string_argument(info[0], "peerName");
  const pid_t pid = peermap_pid_of(handle(info.Env()), peer.c_str());
  return pid == 0 ? info.Env().Undefined() : Napi::Number::New(info.Env(), pid);
}

Napi::Value Segment::reap(const Napi::CallbackInfo& info) {
  const int rc = peermap_reap(handle(info.Env()));
  if (rc < 0) throw last_error(info.Env(), rc);
  return Napi::Number::New(info.Env(), rc);
}

Napi::Value Segment::set_root(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string root = string_argument(info[0], "root");
  const int64_t offset = integer_argument(info[1], "offset", 0, number_max);
  const int64_t size = integer_argument(info[2], "size", 0, number_max);
  const std::string type = info[3].IsUndefined() ? "" : string_argument(info[3], "type");
  peermap_segment* const segment = handle(env);
  if (static_cast<uint64_t>(offset) + static_cast<uint64_t>(size) > peermap_size(segment))
    throw Napi::RangeError::New(env, "the root must lie in the active memory");
  char* const ptr = static_cast<char*>(peermap_base(segment)) + offset;
  const int rc = peermap_set_root(segment, root.c_str(), ptr, static_cast<size_t>(size), type.empty() ? nullptr : type.c_str());
  if (rc != 0) throw last_error(env, rc);
  return env.Undefined();
}

Napi::Value Segment::remove_root(const Napi::CallbackInfo& info) {
  const std::string root = string_argument(info[0], "root");
  const int rc = peermap_set_root(handle(info.Env()), root.c_str(), nullptr, 0, nullptr);
  if (rc != 0) throw last_error(info.Env(), rc);
  return info.Env().Undefined();
}

Napi::Value Segment::root(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string root = string_argument(info[0], "root");
  peermap_segment* const segment = handle(env);
  size_t size;
  const char* const ptr = static_cast<const char*>(peermap_root(segment, root.c_str(), &size));
  if (!ptr) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  object.Set("offset", to_number(env, static_cast<uint64_t>(ptr - static_cast<const char*>(peermap_base(segment)))));
  object.Set("size", to_number(env, size));
  return object;
}

// ---- the memory ----

// Keeps a shrink by another peer from taking the memory away while it is copied.
class Pin {
 public:
  explicit Pin(peermap_segment* segment) : segment_(segment), active_(peermap_pin(segment)) {}
  ~Pin() { peermap_unpin(segment_); }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  bool holds(int64_t offset, size_t length) const {
    return static_cast<uint64_t>(offset) <= active_ && length <= active_ - static_cast<uint64_t>(offset);
  }

 private:
  peermap_segment* const segment_;
  const size_t active_;
};

Napi::Error outside(Napi::Env env, peermap_segment* segment) {
  return Napi::RangeError::New(env, "outside the active memory of " + std::to_string(peermap_size(segment)) + " bytes");
}

Napi::Value Segment::read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t offset = integer_argument(info[0], "offset", 0, number_max);
  const size_t length = static_cast<size_t>(integer_argument(info[1], "length", 0, number_max));
  peermap_segment* const segment = handle(env);
  if (static_cast<uint64_t>(offset) + length > peermap_size(segment)) throw outside(env, segment);  // before it is allocated
  Napi::Buffer<uint8_t> buffer = Napi::Buffer<uint8_t>::New(env, length);
  const Pin pin(segment);
  if (!pin.holds(offset, length)) throw outside(env, segment);
  if (length > 0) std::memcpy(buffer.Data(), static_cast<const char*>(peermap_base(segment)) + offset, length);
  return buffer;
}

Napi::Value Segment::write(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t offset = integer_argument(info[0], "offset", 0, number_max);
  if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw Napi::TypeError::New(env, "bytes must be a Uint8Array");
  const Napi::Uint8Array bytes = info[1].As<Napi::Uint8Array>();
  peermap_segment* const segment = handle(env);
  const Pin pin(segment);
  if (!pin.holds(offset, bytes.ByteLength())) throw outside(env, segment);
  if (bytes.ByteLength() > 0) std::memcpy(static_cast<char*>(peermap_base(segment)) + offset, bytes.Data(), bytes.ByteLength());
  return env.Undefined();
}

Napi::Value Segment::detach(const Napi::CallbackInfo& info) {
  if (attachment_) attachment_->leave();
  return info.Env().Undefined();
}

Napi::Function Segment::define(Napi::Env env) {
  return DefineClass(env, "Segment",
                     {
                         StaticMethod<&Segment::enter_by<peermap_create>>("create"),
                         StaticMethod<&Segment::enter_by<peermap_attach>>("attach"),
                         StaticMethod<&Segment::enter_by<peermap_open>>("open"),
                         InstanceAccessor<&Segment::name>("name", napi_enumerable),
                         InstanceAccessor<&Segment::base>("base", napi_enumerable),
                         InstanceAccessor<&Segment::size>("size", napi_enumerable),
                         InstanceAccessor<&Segment::page_size>("pageSize", napi_enumerable),
                         InstanceAccessor<&Segment::epoch>("epoch", napi_enumerable),
                         InstanceMethod<&Segment::round<Op::grow>>("grow"),
                         InstanceMethod<&Segment::round<Op::shrink>>("shrink"),
                         InstanceMethod<&Segment::round<Op::remap>>("remap"),
                         InstanceMethod<&Segment::round<Op::map>>("mapPeer"),
                         InstanceMethod<&Segment::answers>("answers"),
                         InstanceMethod<&Segment::peers>("peers"),
                         InstanceMethod<&Segment::pid_of>("pidOf"),
                         InstanceMethod<&Segment::reap>("reap"),
                         InstanceMethod<&Segment::set_root>("setRoot"),
                         InstanceMethod<&Segment::remove_root>("removeRoot"),
                         InstanceMethod<&Segment::root>("root"),
                         InstanceMethod<&Segment::read>("read"),
                         InstanceMethod<&Segment::write>("write"),
                         InstanceMethod<&Segment::detach>("detach"),
                     });
}

}  // namespace

Napi::Function define_segment(Napi::Env env) { return Segment::define(env); }

}  // namespace peermap
