// SPDX-License-Identifier: MIT
//
// module.cc - what the addon exports.
#include <sys/stat.h>

#include <cstring>
#include <vector>

#include "attachment.h"
#include "look.h"

namespace peermap {
namespace {

Napi::Value unlink(const Napi::CallbackInfo& info) {
  const std::string name = string_argument(info[0], "name");
  const int rc = peermap_unlink(name.c_str());
  if (rc != 0) throw last_error(info.Env(), rc);
  return info.Env().Undefined();
}

class Destruction : public Task {
 public:
  explicit Destruction(const Napi::CallbackInfo& info) : name_(string_argument(info[0], "name")) {}
  int take() override { return peermap_unlink(name_.c_str()); }
  Napi::Value tell(Napi::Env env) override { return env.Undefined(); }

 private:
  const std::string name_;
};

Napi::Value unlink_async(const Napi::CallbackInfo& info) {
  return promised(info.Env(), [&] { return change(info.Env(), std::make_unique<Destruction>(info)); });
}

Napi::Value check_options(const Napi::CallbackInfo& info) {
  if (!info[1].IsArray()) throw Napi::TypeError::New(info.Env(), "known must be an array");
  const Napi::Array names = info[1].As<Napi::Array>();
  std::vector<std::string> known;
  for (uint32_t i = 0; i < names.Length(); i++) known.push_back(string_argument(names.Get(i), "known"));
  options_argument(info[0], known);
  return info.Env().Undefined();
}

uint32_t process_argument(const Napi::CallbackInfo& info) { return static_cast<uint32_t>(integer_argument(info[0], "pid", 1, INT32_MAX)); }

int descriptor_argument(const Napi::CallbackInfo& info) { return static_cast<int>(integer_argument(info[1], "descriptor", 0, INT32_MAX)); }

/* What is negative is -errno. */
int64_t done(const Napi::CallbackInfo& info, int64_t result) {
  if (result < 0) throw make_error(info.Env(), PEERMAP_EOS, std::string(strerror(static_cast<int>(-result))), static_cast<int>(-result));
  return result;
}

Napi::Value open_program(const Napi::CallbackInfo& info) {
  const uint32_t pid = process_argument(info);
  const bool named = !info[1].IsUndefined();
  const std::string path = named ? string_argument(info[1], "path") : "";
  return Napi::Number::New(info.Env(), static_cast<double>(done(info, pmo_program_open(pid, named ? path.c_str() : nullptr))));
}

Napi::Value read_program(const Napi::CallbackInfo& info) {
  const uint32_t pid = process_argument(info);
  const int fd = descriptor_argument(info);
  const auto offset = static_cast<uint64_t>(integer_argument(info[2], "offset", 0, INT64_MAX));
  const auto length = static_cast<size_t>(integer_argument(info[3], "length", 0, 1 << 20));
  std::vector<char> bytes(length);
  const int64_t got = done(info, pmo_program_read(pid, fd, offset, bytes.data(), length));
  return Napi::Buffer<char>::Copy(info.Env(), bytes.data(), static_cast<size_t>(got));
}

Napi::Value program_facts(const Napi::CallbackInfo& info) {
  struct stat facts;
  done(info, pmo_program_facts(process_argument(info), descriptor_argument(info), &facts));
  Napi::Object object = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, uint64_t value) { object.Set(name, Napi::BigInt::New(info.Env(), value)); };
  set("dev", facts.st_dev);
  set("ino", facts.st_ino);
  set("uid", facts.st_uid);
  set("size", static_cast<uint64_t>(facts.st_size));
  set("mtimeNs", static_cast<uint64_t>(facts.st_mtim.tv_sec) * 1000000000u + static_cast<uint64_t>(facts.st_mtim.tv_nsec));
  set("ctimeNs", static_cast<uint64_t>(facts.st_ctim.tv_sec) * 1000000000u + static_cast<uint64_t>(facts.st_ctim.tv_nsec));
  return object;
}

Napi::Value close_program(const Napi::CallbackInfo& info) {
  pmo_program_close(process_argument(info), descriptor_argument(info));
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Instance* const instance = new Instance;
  env.SetInstanceData(instance);
  Napi::Function segment = define_segment(env);
  instance->segment = Napi::Persistent(segment);
  exports.Set("errorCodes", error_codes(env));
  exports.Set("eventWords", event_words(env));
  exports.Set("canView", can_view(env));
  exports.Set("Segment", segment);
  exports.Set("Observer", define_observer(env));
  exports.Set("checkOptions", Napi::Function::New(env, check_options, "checkOptions"));
  exports.Set("unlink", Napi::Function::New(env, unlink, "unlink"));
  exports.Set("unlinkAsync", Napi::Function::New(env, unlink_async, "unlinkAsync"));
  define_lists(env, exports);
  exports.Set("census", Napi::Function::New(env, take_census, "census"));
  exports.Set("censusAsync", Napi::Function::New(env, take_census_async, "censusAsync"));
  exports.Set("removeAsync", Napi::Function::New(env, remove_object_async, "removeAsync"));
  exports.Set("processFileAsync", Napi::Function::New(env, process_file_async, "processFileAsync"));
  exports.Set("openProgram", Napi::Function::New(env, open_program, "openProgram"));
  exports.Set("readProgram", Napi::Function::New(env, read_program, "readProgram"));
  exports.Set("programFacts", Napi::Function::New(env, program_facts, "programFacts"));
  exports.Set("closeProgram", Napi::Function::New(env, close_program, "closeProgram"));
  exports.Set("remove", Napi::Function::New(env, remove_object, "remove"));
  return exports;
}

}  // namespace
}  // namespace peermap

static Napi::Object init_module(Napi::Env env, Napi::Object exports) { return peermap::init(env, exports); }

NODE_API_MODULE(peermap, init_module)
