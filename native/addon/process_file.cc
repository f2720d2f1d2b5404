// SPDX-License-Identifier: MIT
//
// process_file.cc - processFileAsync(): what a process says of itself in /proc, read so that a process that is stuck in the kernel holds nobody up
// (native/observer/patient.h).
#include "look.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "patient.h"
}

namespace peermap {
namespace {

constexpr int64_t most_bytes = INT64_C(1) << 30;

class ProcessFile : public Task {
 public:
  ProcessFile(uint32_t pid, std::string file, uint64_t from, size_t limit) : pid_(pid), file_(std::move(file)), from_(from), limit_(limit) {}
  ~ProcessFile() override { std::free(bytes_); }

  int take() override {
    pmo_process process;
    int error = pmo_process_open(pid_, &process);
    if (error == 0) {
      error = pmo_patient_file(&process, file_.c_str(), from_, limit_, &bytes_, &length_);
      pmo_process_close(&process);
    }
    if (error == 0) return 0;
    errno = error_ = error;
    return PEERMAP_EOS;
  }
  std::string sentence() const override { return "/proc/" + std::to_string(pid_) + "/" + file_ + ": " + std::strerror(error_); }
  Napi::Value tell(Napi::Env env) override { return Napi::Buffer<char>::Copy(env, bytes_, length_); }

 private:
  const uint32_t pid_;
  const std::string file_;
  const uint64_t from_;
  const size_t limit_;
  char* bytes_ = nullptr;
  size_t length_ = 0;
  int error_ = 0;
};

}  // namespace

Napi::Value process_file_async(const Napi::CallbackInfo& info) {
  return promised(info.Env(), [&] {
    const auto pid = static_cast<uint32_t>(integer_argument(info[0], "pid", 1, INT32_MAX));
    const std::string file = string_argument(info[1], "file");
    const Napi::Object options = options_argument(info[2], { "from", "limit", "withinMs" });
    const auto from = static_cast<uint64_t>(integer_argument(options.Get("from"), "options.from", 0, number_max, 0));
    const auto limit = static_cast<size_t>(integer_argument(options.Get("limit"), "options.limit", 0, most_bytes, most_bytes));
    if (file.find('/') != std::string::npos) throw Napi::RangeError::New(info.Env(), "file must be one of the process's own folder");
    return look(info.Env(), std::make_unique<ProcessFile>(pid, file, from, limit), within_argument(options));
  });
}

}  // namespace peermap
