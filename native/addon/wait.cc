// SPDX-License-Identifier: MIT
//
// wait.cc - the calls that wait for what others do: for a root, for the end of a peer.
//
// Each has a thread of its own (look.cc).  It asks the library for a slice of time after the other, so that a detach, or the end of the environment, waits for one
// slice, of however many waits.  A wait keeps the process alive until it ends, which is at its deadline at the latest.
#include "look.h"
#include "segment.h"

#include <cerrno>
#include <functional>

extern "C" {
#include "budget.h"
}

namespace peermap {
namespace {

// A look of at most so many milliseconds: a code of peermap.h, 1 when it is done, 0 when it is not yet.
using Look = std::function<int(peermap_segment* segment, uint32_t ms)>;
// What the promise becomes when it is done, or the deadline is over; what it throws is the rejection.
using Answer = std::function<Napi::Value(Napi::Env env, bool done)>;

class Wait : public Task {
 public:
  Wait(std::shared_ptr<Attachment> attachment, uint32_t deadline_ms, Look look, Answer answer)
      : attachment_(std::move(attachment)), until_(peermap_now() + uint64_t{ deadline_ms } * 1000000), look_(std::move(look)), answer_(std::move(answer)) {}

  int take() override {
    int rc, error = 0;
    do {
      const uint64_t now = peermap_now(), rest = now < until_ ? (until_ - now) / 1000000 : 0;
      const uint32_t ms = rest < slice_ms ? static_cast<uint32_t>(rest) : slice_ms;
      rc = attachment_->run([this, ms, &error](peermap_segment* segment) {
        const int seen = look_(segment, ms > 0 ? ms : 1);
        if (seen < 0) {
          error = errno;
          sentence_ = peermap_last_error();
        }
        return seen;
      }, true);
    } while (rc == 0 && peermap_now() < until_ && pmo_budget_left());
    done_ = rc == 1;
    errno = error;
    return rc < 0 ? rc : 0;
  }

  std::string sentence() const override { return sentence_; }
  Napi::Value tell(Napi::Env env) override { return answer_(env, done_); }
  void abandoned() override { attachment_->outlast(attachment_); }

 private:
  const std::shared_ptr<Attachment> attachment_;
  const uint64_t until_;
  const Look look_;
  const Answer answer_;
  bool done_ = false;
  std::string sentence_;
};

Napi::Error timed_out(Napi::Env env, const std::string& sentence) {
  Napi::Error error = Napi::Error::New(env, sentence);
  error.Set("name", "TimeoutError");
  error.Set("code", "ETIMEDOUT");
  return error;
}

uint32_t deadline_argument(const Napi::Value& value, peermap_segment* segment) {
  const int64_t given = integer_argument(value, "deadlineMs", 0, UINT32_MAX, 0);
  return given > 0 ? static_cast<uint32_t>(given) : peermap_deadline_ms(segment);
}

}  // namespace

Napi::Value root_object(Napi::Env env, peermap_segment* segment, const peermap_root_copy& copy) {
  if (!copy.pointer) return env.Undefined();
  const auto offset = static_cast<const char*>(copy.pointer) - static_cast<const char*>(peermap_base(segment));
  Napi::Object object = Napi::Object::New(env);
  object.Set("offset", to_number(env, static_cast<uint64_t>(offset)));
  object.Set("size", to_number(env, copy.size));
  object.Set("type", copy.type);
  object.Set("version", to_number(env, copy.version));
  return object;
}

Napi::Value Segment::wait_root(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return promised(env, [&] {
    const std::string root = string_argument(info[0], "root");
    const uint64_t version = static_cast<uint64_t>(integer_argument(info[1], "version", 0, number_max, 0));
    const uint32_t deadline = deadline_argument(info[2], handle(env));
    const auto copy = std::make_shared<peermap_root_copy>();
    const std::shared_ptr<Attachment> attachment = attachment_;
    return wait(env, std::make_unique<Wait>(
        attachment, deadline,
        [root, version, copy](peermap_segment* segment, uint32_t ms) {
          const int rc = peermap_wait_root(segment, root.c_str(), version, ms, copy.get());
          return rc < 0 ? rc : !rc;
        },
        [attachment, root, version, copy](Napi::Env in, bool done) {
          peermap_segment* const segment = attachment->segment();
          if (!segment) throw make_error(in, PEERMAP_EDETACHED, "");
          if (!done) throw timed_out(in, "root " + root + " did not " + (version == 0 ? "appear" : "change") + " by the deadline");
          return root_object(in, segment, *copy);
        }));
  });
}

Napi::Value Segment::peer_ended(const Napi::CallbackInfo& info) {
  const peermap_peer peer = peer_argument(info[0]);
  const int rc = peermap_peer_ended(handle(info.Env()), &peer);
  if (rc < 0) throw last_error(info.Env(), rc);
  return Napi::Boolean::New(info.Env(), rc == 1);
}

Napi::Value Segment::wait_ended(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return promised(env, [&] {
    const peermap_peer peer = peer_argument(info[0]);
    const uint32_t deadline = deadline_argument(info[1], handle(env));
    return wait(env, std::make_unique<Wait>(
        attachment_, deadline,
        [peer](peermap_segment* segment, uint32_t ms) { return peermap_wait_ended(segment, &peer, ms); },
        [](Napi::Env in, bool done) { return Napi::Boolean::New(in, done); }));
  });
}

}  // namespace peermap
