// SPDX-License-Identifier: MIT
//
// module.cc - what the addon exports.
#include <cstring>

#include "attachment.h"
#include "look.h"

namespace peermap {
namespace {

Napi::Value destroy(const Napi::CallbackInfo& info) {
  const std::string name = string_argument(info[0], "name");
  const int rc = peermap_destroy(name.c_str());
  if (rc != 0) throw last_error(info.Env(), rc);
  return info.Env().Undefined();
}

class Destruction : public Task {
 public:
  explicit Destruction(const Napi::CallbackInfo& info) : name_(string_argument(info[0], "name")) {}
  int take() override { return peermap_destroy(name_.c_str()); }
  Napi::Value tell(Napi::Env env) override { return env.Undefined(); }

 private:
  const std::string name_;
};

Napi::Value destroy_async(const Napi::CallbackInfo& info) {
  return promised(info.Env(), [&] { return change(info.Env(), std::make_unique<Destruction>(info)); });
}

Napi::Value open_program(const Napi::CallbackInfo& info) {
  const auto pid = static_cast<uint32_t>(integer_argument(info[0], "pid", 1, INT32_MAX));
  const std::string path = string_argument(info[1], "path");
  const int fd = pmo_program_open(pid, path.c_str());
  if (fd < 0) throw make_error(info.Env(), PEERMAP_EOS, std::string(strerror(-fd)), -fd);
  return Napi::Number::New(info.Env(), fd);
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
  exports.Set("destroy", Napi::Function::New(env, destroy, "destroy"));
  exports.Set("destroyAsync", Napi::Function::New(env, destroy_async, "destroyAsync"));
  define_lists(env, exports);
  exports.Set("census", Napi::Function::New(env, take_census, "census"));
  exports.Set("censusAsync", Napi::Function::New(env, take_census_async, "censusAsync"));
  exports.Set("removeAsync", Napi::Function::New(env, remove_object_async, "removeAsync"));
  exports.Set("processFileAsync", Napi::Function::New(env, process_file_async, "processFileAsync"));
  exports.Set("openProgram", Napi::Function::New(env, open_program, "openProgram"));
  exports.Set("remove", Napi::Function::New(env, remove_object, "remove"));
  return exports;
}

}  // namespace
}  // namespace peermap

static Napi::Object init_module(Napi::Env env, Napi::Object exports) { return peermap::init(env, exports); }

NODE_API_MODULE(peermap, init_module)
