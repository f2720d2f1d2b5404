// SPDX-License-Identifier: MIT
//
// census.cc - all shared memory of the machine; and the removal of a System V segment, which no file system call can do.
#include "addon.h"

extern "C" {
#include "os.h"
}

#include <cerrno>
#include <cstring>
#include <sys/shm.h>

namespace peermap {
namespace {

struct Taken {
  pmo_census census = {};
  ~Taken() { pmo_census_free(&census); }
};

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
  object.Set("elsewhere", memory.elsewhere);
  object.Set("removed", memory.removed);
  object.Set("known", memory.known);
  object.Set("size", to_number(env, memory.size));
  object.Set("allocated", to_number(env, memory.allocated));
  object.Set("uid", memory.uid);
  object.Set("gid", memory.gid);
  object.Set("mode", memory.mode);
  if (memory.kind == PMO_SYSV) object.Set("sysv", sysv_object(env, memory.sysv));
  Napi::Array users = Napi::Array::New(env, memory.user_count);
  for (uint32_t i = 0; i < memory.user_count; i++) users.Set(i, user_object(env, census, memory.users[i]));
  object.Set("users", users);
  object.Set("orphan", orphan_word(memory.orphan));
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

Napi::Error shm_error(Napi::Env env, int id, int error) {
  const bool none = error == EINVAL || error == EIDRM;
  const int code = none ? PEERMAP_ENOENT : error == EACCES || error == EPERM ? PEERMAP_EACCES : PEERMAP_EOS;
  const std::string segment = "System V segment " + std::to_string(id);
  if (none) return make_error(env, code, "there is no " + segment);
  return make_error(env, code, segment + ": " + std::strerror(error), code == PEERMAP_EOS ? error : 0);
}

}  // namespace

Napi::Value take_census(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const uint64_t began = pm_now();
  Taken taken;
  const int rc = pmo_census_take(&taken.census);
  if (rc != 0) throw last_error(env, rc);
  const uint64_t ended = pm_now();
  const pmo_census& census = taken.census;
  Napi::Array objects = Napi::Array::New(env, census.count);
  for (uint32_t i = 0; i < census.count; i++) objects.Set(i, memory_object(env, census, census.list[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("objects", objects);
  object.Set("asked", census.asked);
  object.Set("hidden", census.hidden);
  object.Set("limits", limits_object(env, census.limits));
  object.Set("tookNs", to_number(env, ended - began));
  object.Set("problems", to_array(env, census.problems));
  return object;
}

// Who attaches between the two calls keeps the memory: what is removed is the number, as a name is of a file.
Napi::Value remove_sysv(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int id = static_cast<int>(integer_argument(info[0], "id", 0, INT32_MAX));
  struct shmid_ds facts;
  if (shmctl(id, IPC_STAT, &facts) != 0) throw shm_error(env, id, errno);
  if (facts.shm_nattch > 0)
    throw make_error(env, PEERMAP_EBUSY, "System V segment " + std::to_string(id) + " is attached " + std::to_string(facts.shm_nattch) + " times");
  if (shmctl(id, IPC_RMID, nullptr) != 0) throw shm_error(env, id, errno);
  return env.Undefined();
}

}  // namespace peermap
