// SPDX-License-Identifier: MIT
//
// convert.cc - C structs to the objects of model.d.ts.  What is not known is left out, not set to undefined.
#include "addon.h"

namespace peermap {
namespace {

Napi::Number to_time(Napi::Env env, uint64_t ns) { return Napi::Number::New(env, as_time(ns)); }

Napi::Number to_milliseconds(Napi::Env env, uint64_t ns) { return Napi::Number::New(env, static_cast<double>(ns / 1000) / 1000); }

Napi::Array flag_words(Napi::Env env, uint32_t flags) {
  Napi::Array array = Napi::Array::New(env);
  uint32_t flag;
  for (size_t i = 0; const char* word = pmo_flag_word(i, &flag); i++)
    if (flags & flag) array.Set(array.Length(), word);
  return array;
}

Napi::Number to_slot(Napi::Env env, uint16_t slot) { return Napi::Number::New(env, as_slot(slot)); }

template <typename T, typename Convert>
Napi::Array to_array(Napi::Env env, const T* list, size_t count, Convert convert) {
  Napi::Array array = Napi::Array::New(env, count);
  for (size_t i = 0; i < count; i++) array.Set(static_cast<uint32_t>(i), convert(env, list[i]));
  return array;
}

Napi::Object problem_object(Napi::Env env, const pmo_problem& problem) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("code", pmo_problem_word(problem.code));
  object.Set("where", problem.where);
  object.Set("text", problem.text);
  return object;
}

Napi::Object mapping_object(Napi::Env env, const pmo_mapping& mapping) {
  char permissions[5];
  pmo_permissions(mapping.flags, permissions);
  Napi::Object object = Napi::Object::New(env);
  object.Set("address", Napi::BigInt::New(env, mapping.address));
  object.Set("length", to_number(env, mapping.length));
  object.Set("offset", to_number(env, mapping.offset));
  object.Set("permissions", permissions);
  return object;
}

Napi::Object run_object(Napi::Env env, const pmo_run& run) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("address", Napi::BigInt::New(env, run.address));
  object.Set("length", to_number(env, run.length));
  return object;
}

Napi::Object freezer_object(Napi::Env env, const pm_freezer& freezer) {
  Napi::Object object = Napi::Object::New(env);
  if (freezer.path[0] == '\0') return object;
  object.Set("file", freezer.path);
  object.Set("thaw", pmo_thaw_value(&freezer));
  return object;
}

Napi::Object peer_object(Napi::Env env, const pmo_peer& peer) {
  const pm_slot& slot = peer.slot;
  Napi::Object object = Napi::Object::New(env);
  object.Set("slot", peer.index);
  object.Set("generation", to_number(env, slot.tag / PM_TAG_STEP));
  object.Set("pid", slot.pid);
  if (peer.uid != UINT32_MAX) object.Set("uid", peer.uid);
  if (pmo_uid_is_claimed(&peer)) object.Set("claimedUid", slot.uid);
  object.Set("startTime", to_number(env, slot.start_time));
  object.Set("name", slot.name);
  object.Set("state", pmo_state_word(peer.state));
  if (peer.process_state) object.Set("processState", std::string(1, peer.process_state));
  if (peer.frozen) object.Set("frozen", freezer_object(env, peer.freezer));
  object.Set("samePid", peer.same_pid);
  if (peer.here) object.Set("pidHere", peer.here);
  if (peer.perhaps) object.Set("pidPerhaps", peer.perhaps);
  object.Set("base", Napi::BigInt::New(env, slot.base));
  object.Set("relocated", (slot.flags & PM_SLOT_RELOCATED) != 0);
  object.Set("noPtrace", (slot.flags & PM_SLOT_NO_PTRACE) != 0);
  if (slot.flags & PM_SLOT_READ_ONLY) object.Set("readOnly", true);
  object.Set("mapped", to_number(env, slot.mapped));
  object.Set("requested", to_number(env, slot.requested));
  object.Set("acked", to_number(env, slot.acked));
  object.Set("unstopped", to_number(env, slot.unstopped));
  object.Set("populated", to_number(env, slot.populated));
  object.Set("method", pmo_method_word(slot.method));
  object.Set("error", slot.error);
  object.Set("latencyNs", to_number(env, slot.latency_ns));
  object.Set("pins", to_number(env, pm_pin_count(slot.pin)));
  object.Set("pinnedBytes", to_number(env, pm_pin_count(slot.pin) ? pm_pin_bytes(slot.pin) : 0));
  object.Set("attachedAtMs", to_milliseconds(env, slot.attached_ns));
  if (peer.mappings_known) {
    object.Set("mappings", to_array(env, peer.mappings.list, peer.mappings.count, mapping_object));
    object.Set("missing", to_array(env, peer.missing.list, peer.missing.count, run_object));
  }
  return object;
}

Napi::Object root_object(Napi::Env env, const pm_root& root) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", root.name);
  object.Set("type", root.type);
  object.Set("offset", to_number(env, root.off));
  object.Set("size", to_number(env, root.size));
  object.Set("version", to_number(env, root.version));
  return object;
}

Napi::Object lock_object(Napi::Env env, const pmo_peer* holder, bool died) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("slot", holder ? static_cast<int32_t>(holder->index) : -1);
  object.Set("pid", holder ? holder->slot.pid : 0);
  object.Set("name", holder ? holder->slot.name : "");
  object.Set("died", died);
  return object;
}

Napi::Object intent_object(Napi::Env env, const pm_intent& intent) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("op", pmo_op_word(intent.op));
  object.Set("from", to_number(env, intent.from));
  object.Set("to", to_number(env, intent.to));
  return object;
}

Napi::Object header_object(Napi::Env env, const pmo_snapshot& snapshot) {
  const pm_header& h = snapshot.header;
  Napi::Object object = Napi::Object::New(env);
  object.Set("version", h.version);
  object.Set("generation", Napi::BigInt::New(env, h.generation));
  object.Set("pageSize", h.page_size);
  object.Set("headerLength", to_number(env, h.header_len));
  object.Set("base", Napi::BigInt::New(env, h.base));
  object.Set("reserved", to_number(env, h.reserved));
  object.Set("flags", flag_words(env, h.flags));
  object.Set("ahead", to_number(env, h.ahead));
  object.Set("active", to_number(env, pmo_active(&h)));
  object.Set("closed", pmo_closed(&h));
  object.Set("target", to_number(env, h.target));
  object.Set("horizon", to_number(env, h.horizon));
  object.Set("epoch", to_number(env, h.epoch));
  object.Set("slots", h.slot_count);
  const pmo_peer* holder;
  bool died;
  if (pmo_lock_held(&snapshot, &holder, &died)) object.Set("lock", lock_object(env, holder, died));
  if (h.intent.op != PM_OP_NONE) object.Set("intent", intent_object(env, h.intent));
  Napi::Object creator = Napi::Object::New(env);
  creator.Set("pid", h.creator_pid);
  creator.Set("uid", h.creator_uid);
  creator.Set("startTime", to_number(env, h.creator_start));
  creator.Set("name", h.creator_name);
  object.Set("creator", creator);
  object.Set("createdAtMs", to_milliseconds(env, h.created_ns));
  object.Set("eventHead", to_number(env, h.event_head));
  return object;
}

Napi::Object object_object(Napi::Env env, const struct stat& facts, uint64_t born_ns) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("device", to_number(env, facts.st_dev));
  object.Set("inode", to_number(env, facts.st_ino));
  if (born_ns != 0) object.Set("bornNs", Napi::BigInt::New(env, born_ns));
  object.Set("length", to_number(env, static_cast<uint64_t>(facts.st_size)));
  object.Set("allocated", to_number(env, static_cast<uint64_t>(facts.st_blocks) * 512));
  object.Set("uid", facts.st_uid);
  object.Set("mode", facts.st_mode & 07777);
  return object;
}

Napi::Object stranger_object(Napi::Env env, const pmo_stranger& stranger) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", stranger.pid);
  object.Set("command", stranger.command);
  object.Set("mappings", to_array(env, stranger.mappings.list, stranger.mappings.count, mapping_object));
  return object;
}

Napi::Object event_object(Napi::Env env, const pm_event& event) {
  const bool has_op = pmo_event_has_op(event.kind);
  Napi::Object object = Napi::Object::New(env);
  object.Set("seq", to_number(env, event.seq));
  object.Set("timeNs", to_time(env, event.time_ns));
  object.Set("epoch", to_number(env, event.epoch));
  object.Set("kind", pmo_event_word(event.kind));
  object.Set("method", has_op ? "none" : pmo_method_word(event.method));
  object.Set("op", has_op ? pmo_op_word(event.method) : "none");
  object.Set("slot", to_slot(env, event.slot));
  object.Set("pid", event.pid);
  object.Set("bySlot", to_slot(env, event.by));
  object.Set("byPid", event.by_pid);
  object.Set("error", event.error);
  object.Set("size", to_number(env, event.size));
  object.Set("ns", to_number(env, event.ns));
  return object;
}

Napi::Object heap_class_object(Napi::Env env, const peermap_heap_class& one) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("stride", one.stride);
  object.Set("spans", one.spans);
  object.Set("objects", to_number(env, one.objects));
  object.Set("capacity", to_number(env, one.capacity));
  object.Set("bytes", to_number(env, one.bytes));
  return object;
}

Napi::Object use_object(Napi::Env env, const pmo_use& use) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("segment", use.segment);
  if (use.registered) object.Set("peerName", use.peer_name);
  object.Set("registered", use.registered);
  return object;
}

}  // namespace

Napi::Array to_array(Napi::Env env, const pmo_problems& problems) {
  Napi::Array array = to_array(env, problems.list, problems.count, problem_object);
  if (problems.left_out > 0) {
    pmo_problem rest = { PMO_OS, "problems", {} };
    if (problems.count > 0) rest.code = problems.list[problems.count - 1].code;
    std::snprintf(rest.text, sizeof rest.text, "%u more are left out", problems.left_out);
    array.Set(array.Length(), problem_object(env, rest));
  }
  return array;
}

double as_number(uint64_t value) {
  constexpr uint64_t most = static_cast<uint64_t>(number_max);
  return static_cast<double>(value < most ? value : most);
}

double as_time(uint64_t ns) { return static_cast<double>(ns); }

int32_t as_slot(uint16_t slot) { return slot == PM_NO_SLOT ? -1 : slot; }

Napi::Number to_number(Napi::Env env, uint64_t value) { return Napi::Number::New(env, as_number(value)); }

Napi::Object to_object(Napi::Env env, const peermap_result& answer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", answer.pid);
  object.Set("name", answer.name);
  object.Set("method", pmo_method_word(static_cast<uint32_t>(answer.method)));
  object.Set("error", answer.error);
  object.Set("nanoseconds", to_number(env, answer.nanoseconds));
  return object;
}

Napi::Object to_object(Napi::Env env, const Report& report) {
  const peermap_round& round = report.round;
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", to_number(env, round.epoch));
  object.Set("size", to_number(env, round.size));
  object.Set("peers", round.peers);
  object.Set("acked", round.acked);
  object.Set("late", round.late);
  object.Set("died", round.died);
  object.Set("unstopped", round.unstopped);
  object.Set("ahead", round.ahead);
  object.Set("populated", round.populated);
  object.Set("nanoseconds", to_number(env, round.nanoseconds));
  if (round.blocker_pid != 0) {
    Napi::Object blocker = Napi::Object::New(env);
    blocker.Set("pid", round.blocker_pid);
    blocker.Set("name", round.blocker);
    object.Set("blocker", blocker);
  }
  const auto convert = [](Napi::Env to, const peermap_result& answer) { return to_object(to, answer); };
  object.Set("results", to_array(env, report.answers.data(), report.answers.size(), convert));
  return object;
}

const char* state_word(int state) {
  switch (state) {
    case PEERMAP_ALIVE: return "alive";
    case PEERMAP_LATE: return "late";
    case PEERMAP_DEAD: return "dead";
    default: return "unknown";
  }
}

Napi::Object to_object(Napi::Env env, const peermap_peer& peer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", peer.pid);
  object.Set("uid", peer.uid);
  object.Set("name", peer.name);
  object.Set("state", state_word(peer.state));
  object.Set("base", Napi::BigInt::New(env, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(peer.base))));
  object.Set("mapped", to_number(env, peer.mapped));
  object.Set("epochRequested", to_number(env, peer.epoch_requested));
  object.Set("epochAcked", to_number(env, peer.epoch_acked));
  object.Set("id", Napi::BigInt::New(env, peer.id));
  object.Set("readOnly", (peer.flags & PEERMAP_READ_ONLY) != 0);
  return object;
}

Napi::Object to_object(Napi::Env env, const peermap_heap& heap, const std::vector<peermap_heap_class>& classes) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("size", to_number(env, heap.size));
  object.Set("used", to_number(env, heap.used));
  object.Set("smallObjects", to_number(env, heap.small_objects));
  object.Set("largeObjects", to_number(env, heap.large_objects));
  object.Set("largeBytes", to_number(env, heap.large_bytes));
  object.Set("spanBytes", to_number(env, heap.span_bytes));
  object.Set("freeBytes", to_number(env, heap.free_bytes));
  object.Set("holeBytes", to_number(env, heap.hole_bytes));
  object.Set("largestFree", to_number(env, heap.largest_free));
  object.Set("grown", to_number(env, heap.grown));
  object.Set("faults", to_number(env, heap.faults));
  object.Set("reclaimed", to_number(env, heap.reclaimed));
  object.Set("lostThreads", to_number(env, heap.lost_threads));
  object.Set("metadata", to_number(env, heap.metadata));
  object.Set("classes", to_array(env, classes.data(), classes.size(), heap_class_object));
  return object;
}

Napi::Object to_object(Napi::Env env, const peermap_heap_peer& peer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", peer.pid);
  object.Set("name", peer.name);
  object.Set("threads", peer.threads);
  object.Set("spans", peer.spans);
  object.Set("spanBytes", to_number(env, peer.span_bytes));
  object.Set("allocations", to_number(env, peer.allocations));
  object.Set("allocatedBytes", to_number(env, peer.allocated_bytes));
  object.Set("frees", to_number(env, peer.frees));
  object.Set("freedBytes", to_number(env, peer.freed_bytes));
  return object;
}

Napi::Object to_object(Napi::Env env, const pmo_snapshot& snapshot) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", snapshot.name);
  object.Set("takenAtMs", to_milliseconds(env, snapshot.realtime_ns));
  object.Set("monotonicNs", to_time(env, snapshot.monotonic_ns));
  object.Set("object", object_object(env, snapshot.object, snapshot.born_ns));
  if (snapshot.readable) object.Set("header", header_object(env, snapshot));
  object.Set("peers", to_array(env, snapshot.peers, snapshot.peer_count, peer_object));
  object.Set("roots", to_array(env, snapshot.roots, snapshot.root_count, root_object));
  object.Set("strangers", to_array(env, snapshot.strangers, snapshot.stranger_count, stranger_object));
  object.Set("problems", to_array(env, snapshot.problems));
  return object;
}

Napi::Object to_object(Napi::Env env, const pmo_events& events) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("events", to_array(env, events.list, events.count, event_object));
  object.Set("last", to_number(env, events.last));
  object.Set("missed", to_number(env, events.missed));
  return object;
}

Napi::Object to_object(Napi::Env env, const pmo_summary& summary) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", summary.name);
  object.Set("uid", summary.object.st_uid);
  object.Set("mode", summary.object.st_mode & 07777);
  object.Set("length", to_number(env, static_cast<uint64_t>(summary.object.st_size)));
  if (summary.readable) {
    object.Set("active", to_number(env, summary.active));
    object.Set("reserved", to_number(env, summary.reserved));
    object.Set("alive", summary.alive);
    object.Set("dead", summary.dead);
  }
  if (summary.has_problem) object.Set("problem", problem_object(env, summary.problem));
  return object;
}

Napi::Object to_object(Napi::Env env, const pmo_user& user) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", user.pid);
  object.Set("uid", user.uid);
  object.Set("command", user.command);
  object.Set("segments", to_array(env, user.uses, user.use_count, use_object));
  return object;
}

}  // namespace peermap
