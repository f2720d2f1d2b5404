// SPDX-License-Identifier: MIT
//
// census.cc - all shared memory of the machine; and the removal of what nobody has.
#include "look.h"

extern "C" {
#include "os.h"
#include "unlink.h"
}

namespace peermap {
namespace {

constexpr int64_t most_safe = (INT64_C(1) << 53) - 1;

Napi::Object user_object(Napi::Env env, const pmo_census& census, const pmo_memory_user& user) {
  const pmo_census_process& process = census.processes[user.process];
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", process.pid);
  object.Set("uid", process.uid);
  object.Set("command", process.command);
  object.Set("mappings", user.mappings);
  object.Set("descriptors", user.descriptors);
  object.Set("mapped", to_number(env, user.mapped));
  object.Set("writes", user.writes);
  object.Set("reads", user.reads);
  object.Set("looks", user.looks);
  return object;
}

Napi::Object sysv_object(Napi::Env env, const pmo_sysv& sysv) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("key", sysv.key);
  object.Set("id", sysv.id);
  object.Set("creatorPid", sysv.creator_pid);
  object.Set("lastPid", sysv.last_pid);
  object.Set("attached", to_number(env, sysv.attached));
  object.Set("swapped", to_number(env, sysv.swapped));
  return object;
}

const char* orphan_word(pmo_orphan orphan) {
  return orphan == PMO_IN_USE ? "in-use" : orphan == PMO_ORPHAN ? "orphan" : "unknown";
}

Napi::Object memory_object(Napi::Env env, const pmo_census& census, const pmo_memory& memory) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", pmo_memory_word(memory.kind));
  object.Set("name", memory.name);
  object.Set("device", to_number(env, memory.object.device));
  object.Set("inode", to_number(env, memory.object.inode));
  if (memory.born_ns != 0) object.Set("bornNs", Napi::BigInt::New(env, memory.born_ns));
  object.Set("elsewhere", memory.elsewhere);
  object.Set("removed", memory.removed);
  object.Set("known", memory.known);
  object.Set("size", to_number(env, memory.size));
  object.Set("allocated", to_number(env, memory.allocated));
  object.Set("uid", memory.uid);
  object.Set("gid", memory.gid);
  object.Set("mode", memory.mode);
  object.Set("worldWritable", pmo_memory_is_world_writable(&memory));
  if (memory.kind == PMO_SYSV) object.Set("sysv", sysv_object(env, memory.sysv));
  Napi::Array users = Napi::Array::New(env, memory.user_count);
  for (uint32_t i = 0; i < memory.user_count; i++) users.Set(i, user_object(env, census, memory.users[i]));
  object.Set("users", users);
  object.Set("orphan", orphan_word(memory.orphan));
  object.Set("reason", pmo_reason_word(memory.reason));
  if (const char* before = pmo_name_before(memory.name)) object.Set("nameBefore", before);
  return object;
}

Napi::Object limits_object(Napi::Env env, const pmo_census_limits& limits) {
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, uint64_t value) {
    if (value != UINT64_MAX) object.Set(name, to_number(env, value));
  };
  set("directorySize", limits.directory_size);
  set("directoryUsed", limits.directory_used);
  set("directoryFree", limits.directory_free);
  set("shmmax", limits.shmmax);
  set("shmall", limits.shmall);
  set("shmmni", limits.shmmni);
  set("resident", limits.resident);
  return object;
}

pmo_target target_argument(const Napi::Object& options, std::string& name) {
  const std::string kind = string_argument(options.Get("kind"), "kind");
  if (kind != "posix" && kind != "sysv") throw Napi::RangeError::New(options.Env(), "kind must be posix or sysv");
  pmo_target target = {};
  target.kind = kind == "posix" ? PMO_POSIX : PMO_SYSV;
  if (target.kind == PMO_SYSV) {
    target.object.inode = static_cast<ino_t>(integer_argument(options.Get("id"), "id", 0, INT32_MAX));
    return target;
  }
  name = string_argument(options.Get("name"), "name");
  target.name = name.c_str();
  target.object.device = static_cast<dev_t>(integer_argument(options.Get("device"), "device", 0, most_safe));
  target.object.inode = static_cast<ino_t>(integer_argument(options.Get("inode"), "inode", 0, most_safe));
  target.born_ns = bigint_argument(options.Get("bornNs"), "bornNs");
  target.anyway = boolean_argument(options.Get("anyway"), "anyway");
  return target;
}

Napi::Object removal_object(Napi::Env env, const pmo_removal& removal) {
  char text[1536];
  pmo_removal_text(&removal, text, sizeof text);
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcome", pmo_outcome_word(removal.outcome));
  if (removal.outcome == PMO_REMOVAL_DONE) return object;
  object.Set("code", peermap_error_name(pmo_removal_code(&removal)));
  object.Set("text", text);
  if (removal.outcome == PMO_REMOVAL_REFUSED) object.Set("reason", pmo_reason_word(removal.reason));
  if (removal.error != 0) object.Set("errno", removal.error);
  if (removal.name[0]) object.Set("name", removal.name);
  if (removal.pid == 0) return object;
  object.Set("pid", removal.pid);
  if (removal.command[0]) object.Set("command", removal.command);
  object.Set("others", to_number(env, removal.others));
  return object;
}

class Inventory : public Task {
 public:
  ~Inventory() override { pmo_census_free(&census_); }
  int take() override {
    const uint64_t began = pm_now();
    const int rc = pmo_census_take(&census_);
    took_ns_ = pm_now() - began;
    return rc;
  }
  Napi::Value rows(Napi::Env env) const {
    Napi::Array objects = Napi::Array::New(env, census_.count);
    for (uint32_t i = 0; i < census_.count; i++) objects.Set(i, memory_object(env, census_, census_.list[i]));
    Napi::Object object = Napi::Object::New(env);
    object.Set("objects", objects);
    object.Set("asked", census_.asked);
    object.Set("hidden", census_.hidden);
    object.Set("hiddenOwn", census_.hidden_own);
    object.Set("whole", census_.whole);
    object.Set("limits", limits_object(env, census_.limits));
    object.Set("tookNs", to_number(env, took_ns_));
    object.Set("problems", to_array(env, census_.problems));
    return object;
  }
  Napi::Value tell(Napi::Env env) override { return rows(env); }

 private:
  pmo_census census_ = {};
  uint64_t took_ns_ = 0;
};

// What is meant, as the arguments say it: the name is a string of its own.
struct Meant {
  explicit Meant(const Napi::CallbackInfo& info) {
    if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "target must be an object");
    target = target_argument(info[0].As<Napi::Object>(), name);
  }
  Meant(const Meant&) = delete;
  Meant& operator=(const Meant&) = delete;
  std::string name;
  pmo_target target = {};
};

class RemovalTask : public Task {
 public:
  explicit RemovalTask(const Napi::CallbackInfo& info) : meant_(info) {}
  int take() override {
    pmo_unlink(&meant_.target, &removal_);
    return 0;
  }
  Napi::Value tell(Napi::Env env) override { return removal_object(env, removal_); }

 private:
  Meant meant_;
  pmo_removal removal_ = {};
};

}  // namespace

Napi::Value take_census(const Napi::CallbackInfo& info) { return at_once<Inventory>(info); }

Napi::Value take_census_async(const Napi::CallbackInfo& info) { return in_time<Inventory>(info); }

Napi::Value remove_object(const Napi::CallbackInfo& info) {
  const Meant meant(info);
  pmo_removal removal;
  pmo_unlink(&meant.target, &removal);
  return removal_object(info.Env(), removal);
}

Napi::Value remove_object_async(const Napi::CallbackInfo& info) { return change(info.Env(), std::make_unique<RemovalTask>(info)); }

}  // namespace peermap
