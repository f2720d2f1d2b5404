// SPDX-License-Identifier: MIT
//
// segment.cc - Segment: attaching, the registry, pins, copies of the memory.
#include "segment.h"

#include <cerrno>
#include <utility>

namespace peermap {
namespace {

// The options, and the strings they point to.
struct Options {
  peermap_options c = {};
  std::string peer_name;

  explicit Options(const Napi::Value& value) {
    const Napi::Object given = options_argument(
        value, { "peerName", "initialSize", "reserveSize", "ahead", "deadlineMs", "heapStep", "maxPeers", "maxRoots", "mode", "allowLate", "relocatable",
                 "strict", "noPtrace", "prefault", "huge", "heap", "foreign", "readOnly", "owner" });
    c.struct_size = sizeof c;
    if (!given.Get("peerName").IsUndefined()) {
      peer_name = string_argument(given.Get("peerName"), "options.peerName");
      c.peer_name = peer_name.c_str();
    }
    c.initial_size = static_cast<size_t>(integer_argument(given.Get("initialSize"), "options.initialSize", 1, number_max, 0));
    c.reserve_size = static_cast<size_t>(integer_argument(given.Get("reserveSize"), "options.reserveSize", 1, number_max, 0));
    c.ahead = static_cast<size_t>(integer_argument(given.Get("ahead"), "options.ahead", 1, number_max, 0));
    c.deadline_ms = static_cast<uint32_t>(integer_argument(given.Get("deadlineMs"), "options.deadlineMs", 1, UINT32_MAX, 0));
    c.heap_step = static_cast<size_t>(integer_argument(given.Get("heapStep"), "options.heapStep", 1, number_max, 0));
    c.max_peers = static_cast<uint32_t>(integer_argument(given.Get("maxPeers"), "options.maxPeers", 1, UINT32_MAX, 0));
    c.max_roots = static_cast<uint32_t>(integer_argument(given.Get("maxRoots"), "options.maxRoots", 1, UINT32_MAX, 0));
    c.mode = static_cast<uint32_t>(integer_argument(given.Get("mode"), "options.mode", 1, 0777, 0));
    flag(given, "allowLate", PEERMAP_ALLOW_LATE);
    flag(given, "relocatable", PEERMAP_RELOCATABLE);
    flag(given, "strict", PEERMAP_STRICT);
    flag(given, "noPtrace", PEERMAP_NO_PTRACE);
    flag(given, "prefault", PEERMAP_PREFAULT);
    flag(given, "huge", PEERMAP_HUGE);
    flag(given, "heap", PEERMAP_HEAP);
    flag(given, "foreign", PEERMAP_FOREIGN);
    flag(given, "readOnly", PEERMAP_READ_ONLY);
    if (!given.Get("owner").IsUndefined()) {
      c.owner = static_cast<uint32_t>(integer_argument(given.Get("owner"), "options.owner", 0, UINT32_MAX));
      c.flags |= PEERMAP_OWNER;
    }
  }

  void flag(const Napi::Object& given, const char* name, uint32_t bit) {
    if (boolean_argument(given.Get(name), (std::string("options.") + name).c_str())) c.flags |= bit;
  }
};

// Of a derived class, what that makes.
Napi::Function constructor_of(const Napi::CallbackInfo& info) {
  const Napi::Value self = info.This();
  return self.IsFunction() ? self.As<Napi::Function>() : info.Env().GetInstanceData<Instance>()->segment.Value();
}

Napi::Value made_of(const Napi::Function& constructor, const std::string& name, peermap_segment* segment) {
  const Napi::Env env = constructor.Env();
  auto attachment = std::make_shared<Attachment>(env, segment);
  Instance* const instance = env.GetInstanceData<Instance>();
  instance->entering = &attachment;
  const Napi::Value made = constructor.New({ Napi::String::New(env, name) });
  if (instance->entering) {
    instance->entering = nullptr;
    throw Napi::TypeError::New(env, "this is no class derived from Segment");
  }
  return made;
}

// Entering a segment, on a thread of its own.
class Entry : public Task {
 public:
  using Enter = int (*)(const char*, const peermap_options*, peermap_segment**);
  Entry(const Napi::CallbackInfo& info, Enter enter)
      : enter_(enter), name_(string_argument(info[0], "name")), options_(info[1]), constructor_(Napi::Persistent(constructor_of(info))) {}
  ~Entry() override { peermap_detach(segment_); }  // of which nobody was told
  int take() override { return enter_(name_.c_str(), &options_.c, &segment_); }
  Napi::Value tell(Napi::Env) override { return made_of(constructor_.Value(), name_, std::exchange(segment_, nullptr)); }

 private:
  const Enter enter_;
  const std::string name_;
  const Options options_;
  const Napi::FunctionReference constructor_;
  peermap_segment* segment_ = nullptr;
};

// Leaving one, likewise.
class Departure : public Task {
 public:
  explicit Departure(std::shared_ptr<Attachment> attachment) : attachment_(std::move(attachment)) {}
  int take() override {
    if (attachment_) attachment_->depart(false);
    return 0;
  }
  Napi::Value tell(Napi::Env env) override { return env.Undefined(); }

 private:
  const std::shared_ptr<Attachment> attachment_;
};

}  // namespace

template <Segment::Enter enter>
Napi::Value Segment::enter_by(const Napi::CallbackInfo& info) {
  const std::string name = string_argument(info[0], "name");
  const Options options(info[1]);
  peermap_segment* segment;
  const int rc = enter(name.c_str(), &options.c, &segment);
  if (rc != 0) throw last_error(info.Env(), rc);
  return made_of(constructor_of(info), name, segment);
}

template <Segment::Enter enter>
Napi::Value Segment::enter_async(const Napi::CallbackInfo& info) {
  return promised(info.Env(), [&] { return change(info.Env(), std::make_unique<Entry>(info, enter)); });
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

// ---- the registry ----

Napi::Value Segment::peers(const Napi::CallbackInfo& info) {
  return rows_of(info.Env(), handle(info.Env()), &peermap_peers);
}

Napi::Value Segment::me(const Napi::CallbackInfo& info) {
  peermap_peer peer;
  const int rc = peermap_self(handle(info.Env()), &peer);
  if (rc != 0) throw last_error(info.Env(), rc);
  return to_object(info.Env(), peer);
}

Napi::Value Segment::read_only(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), attachment_ && attachment_->only_reads());
}

Napi::Value Segment::add_pin(const Napi::CallbackInfo& info) {
  peermap_segment* const segment = handle(info.Env());
  const size_t active = peermap_pin(segment);
  if (active == 0) throw make_error(info.Env(), PEERMAP_EBUSY, "there is no room for another pin of this attachment; release some", errno);
  pins_++;
  return to_number(info.Env(), active);
}

// Of the attachment's pins one is its views', which addPin() has not made.
Napi::Value Segment::drop_pin(const Napi::CallbackInfo& info) {
  peermap_segment* const segment = attachment_ ? attachment_->segment() : nullptr;
  if (!segment || pins_ == 0) return info.Env().Undefined();
  pins_--;
  peermap_unpin(segment);
  return info.Env().Undefined();
}

Napi::Value Segment::pid_of(const Napi::CallbackInfo& info) {
  const std::string peer = string_argument(info[0], "peerName");
  const pid_t pid = peermap_pid_of(handle(info.Env()), peer.c_str());
  return pid == 0 ? info.Env().Undefined() : Napi::Number::New(info.Env(), pid);
}

Napi::Value Segment::reap(const Napi::CallbackInfo& info) {
  const bool all = info[0].IsUndefined();
  const std::vector<peermap_peer> peers = all ? std::vector<peermap_peer>() : peers_argument(info[0]);
  peermap_segment* const segment = handle(info.Env());
  const int rc = all ? peermap_reap(segment) : peermap_reap_peers(segment, peers.data(), static_cast<int>(peers.size()));
  if (rc < 0) throw last_error(info.Env(), rc);
  return Napi::Number::New(info.Env(), rc);
}

// ---- the memory ----

namespace {

void check_copied(Napi::Env env, peermap_segment* segment, int rc, uint64_t offset, uint64_t length) {
  if (rc == PEERMAP_EINVAL) throw outside(env, segment, offset, length);
  if (rc != 0) throw last_error(env, rc);
}

}  // namespace

Napi::Error outside(Napi::Env env, peermap_segment* segment, uint64_t offset, uint64_t length) {
  throw_if_lost(env, segment);
  return Napi::RangeError::New(env, "offset " + std::to_string(offset) + " and length " + std::to_string(length) + " are outside the active memory of " +
                                        std::to_string(peermap_size(segment)) + " bytes");
}

void throw_if_lost(Napi::Env env, peermap_segment* segment) {
  if (peermap_read(segment, 0, nullptr, 0) == PEERMAP_ELOST) throw last_error(env, PEERMAP_ELOST);
}

Napi::Value Segment::read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t offset = integer_argument(info[0], "offset", 0, number_max);
  const size_t length = static_cast<size_t>(integer_argument(info[1], "length", 0, number_max));
  peermap_segment* const segment = handle(env);
  if (static_cast<uint64_t>(offset) + length > peermap_size(segment)) throw outside(env, segment, static_cast<uint64_t>(offset), length);  // before it is allocated
  Napi::Buffer<uint8_t> buffer = Napi::Buffer<uint8_t>::New(env, length);
  check_copied(env, segment, peermap_read(segment, static_cast<size_t>(offset), buffer.Data(), length), static_cast<uint64_t>(offset), length);
  return buffer;
}

Napi::Value Segment::write(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t offset = integer_argument(info[0], "offset", 0, number_max);
  if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw Napi::TypeError::New(env, "bytes must be a Uint8Array");
  const Napi::Uint8Array bytes = info[1].As<Napi::Uint8Array>();
  peermap_segment* const segment = handle(env);
  check_copied(env, segment, peermap_write(segment, static_cast<size_t>(offset), bytes.Data(), bytes.ByteLength()), static_cast<uint64_t>(offset), bytes.ByteLength());
  return env.Undefined();
}

Napi::Value Segment::view(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t offset = integer_argument(info[0], "offset", 0, number_max);
  const int64_t length = integer_argument(info[1], "length", 1, number_max);
  if (offset % 8 != 0) throw Napi::RangeError::New(env, "offset must be a multiple of 8, and is " + std::to_string(offset));
  handle(env);
  return make_view(env, attachment_, static_cast<uint64_t>(offset), static_cast<size_t>(length));
}

Napi::Value Segment::release(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArrayBuffer()) throw Napi::TypeError::New(env, "view must be an ArrayBuffer");
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  // Without its memory already, or nobody's view: then there is nothing to do.
  peermap_segment* const segment = attachment_ ? attachment_->segment() : nullptr;
  if (!segment || !buffer.Data()) return env.Undefined();
  const uintptr_t at = reinterpret_cast<uintptr_t>(buffer.Data()), base = reinterpret_cast<uintptr_t>(peermap_base(segment));
  if (at >= base) attachment_->release(env, at - base, buffer);
  return env.Undefined();
}

Napi::Value Segment::detach(const Napi::CallbackInfo& info) {
  if (attachment_) attachment_->leave(info.Env());
  return info.Env().Undefined();
}

Napi::Value Segment::detach_async(const Napi::CallbackInfo& info) {
  return promised(info.Env(), [&] {
    const bool leaves = attachment_ && attachment_->part(info.Env());
    return change(info.Env(), std::make_unique<Departure>(leaves ? attachment_ : nullptr));
  });
}

Napi::Function Segment::define(Napi::Env env) {
  return DefineClass(env, "Segment",
                     {
                         StaticMethod<&Segment::enter_by<peermap_create>>("create"),
                         StaticMethod<&Segment::enter_by<peermap_attach>>("attach"),
                         StaticMethod<&Segment::enter_by<peermap_open>>("open"),
                         StaticMethod<&Segment::enter_async<peermap_create>>("createAsync"),
                         StaticMethod<&Segment::enter_async<peermap_attach>>("attachAsync"),
                         StaticMethod<&Segment::enter_async<peermap_open>>("openAsync"),
                         InstanceAccessor<&Segment::name>("name", napi_enumerable),
                         InstanceAccessor<&Segment::base>("base", napi_enumerable),
                         InstanceAccessor<&Segment::size>("size", napi_enumerable),
                         InstanceAccessor<&Segment::page_size>("pageSize", napi_enumerable),
                         InstanceAccessor<&Segment::epoch>("epoch", napi_enumerable),
                         InstanceAccessor<&Segment::read_only>("readOnly", napi_enumerable),
                         InstanceMethod<&Segment::round<Op::grow>>("grow"),
                         InstanceMethod<&Segment::round<Op::grow_to>>("growTo"),
                         InstanceMethod<&Segment::round<Op::shrink>>("shrink"),
                         InstanceMethod<&Segment::round<Op::remap>>("remap"),
                         InstanceMethod<&Segment::round<Op::map>>("mapPeer"),
                         InstanceMethod<&Segment::results>("results"),
                         InstanceMethod<&Segment::peers>("peers"),
                         InstanceMethod<&Segment::me>("me"),
                         InstanceMethod<&Segment::pid_of>("pidOf"),
                         InstanceMethod<&Segment::reap>("reap"),
                         InstanceMethod<&Segment::round<Op::reap>>("reapAsync"),
                         InstanceMethod<&Segment::set_root>("setRoot"),
                         InstanceMethod<&Segment::remove_root>("removeRoot"),
                         InstanceMethod<&Segment::compare_exchange_root>("compareExchangeRoot"),
                         InstanceMethod<&Segment::root>("root"),
                         InstanceMethod<&Segment::roots>("roots"),
                         InstanceMethod<&Segment::wait_root>("waitRoot"),
                         InstanceMethod<&Segment::wait_roots>("waitRoots"),
                         InstanceMethod<&Segment::wait_size>("waitSize"),
                         InstanceMethod<&Segment::wait_word>("wait"),
                         InstanceMethod<&Segment::wait_word_sync>("waitSync"),
                         InstanceMethod<&Segment::notify>("notify"),
                         InstanceMethod<&Segment::peer_ended>("peerEnded"),
                         InstanceMethod<&Segment::wait_ended>("waitEnded"),
                         InstanceMethod<&Segment::read>("read"),
                         InstanceMethod<&Segment::write>("write"),
                         InstanceMethod<&Segment::add_pin>("addPin"),
                         InstanceMethod<&Segment::drop_pin>("dropPin"),
                         InstanceMethod<&Segment::view>("view"),
                         InstanceMethod<&Segment::release>("release"),
                         InstanceMethod<&Segment::round<Op::trim>>("trim"),
                         InstanceMethod<&Segment::allocate>("allocate"),
                         InstanceMethod<&Segment::allocate_to>("allocateTo"),
                         InstanceMethod<&Segment::objects_from>("objectsFrom"),
                         InstanceMethod<&Segment::reallocate>("reallocate"),
                         InstanceMethod<&Segment::deallocate>("deallocate"),
                         InstanceMethod<&Segment::object_size>("objectSize"),
                         InstanceMethod<&Segment::heap_stats>("heapStats"),
                         InstanceMethod<&Segment::heap_peers>("heapPeers"),
                         InstanceMethod<&Segment::detach>("detach"),
                         InstanceMethod<&Segment::detach_async>("detachAsync"),
                     });
}

Napi::Function define_segment(Napi::Env env) { return Segment::define(env); }

}  // namespace peermap
