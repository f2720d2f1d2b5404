// SPDX-License-Identifier: MIT
//
// wait.cc - the calls that wait for what others do: for a root, for the end of a peer, for a word of the memory.
//
// Each has a thread of its own (look.cc).  It asks the library for a slice of time after the other, so that a detach, or the end of the environment, waits for one
// slice, of however many waits.  A wait keeps the process alive until it ends, which is at its deadline at the latest, or when it is told to stop.
#include "look.h"
#include "segment.h"

#include <cerrno>
#include <climits>
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

// Set where nobody wants to hear of it any more: by a function that is put into the object that the caller gave.
using Stop = std::shared_ptr<std::atomic<bool>>;

class Wait : public Task {
 public:
  Wait(std::shared_ptr<Attachment> attachment, uint32_t deadline_ms, Stop stop, Look look, Answer answer)
      : attachment_(std::move(attachment)), until_(peermap_now() + uint64_t{ deadline_ms } * 1000000), stop_(std::move(stop)), look_(std::move(look)),
        answer_(std::move(answer)) {}

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
    } while (rc == 0 && peermap_now() < until_ && !stop_->load() && pmo_budget_left());
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
  const Stop stop_;
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

Stop stop_argument(const Napi::Value& value) {
  const Stop stop = std::make_shared<std::atomic<bool>>(false);
  if (value.IsUndefined()) return stop;
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "stop must be an object");
  value.As<Napi::Object>().Set("now", Napi::Function::New(value.Env(), [stop](const Napi::CallbackInfo&) { stop->store(true); }));
  return stop;
}

// A word of the active memory.
struct Word {
  size_t offset;
  uint32_t value;

  // A negative value is that of an Int32Array.
  Word(const Napi::CallbackInfo& info, peermap_segment* segment)
      : offset(offset_argument(info[0], segment)), value(static_cast<uint32_t>(integer_argument(info[1], "value", INT32_MIN, UINT32_MAX))) {}

  static size_t offset_argument(const Napi::Value& value, peermap_segment* segment) {
    const int64_t offset = integer_argument(value, "offset", 0, number_max);
    const uint64_t active = peermap_size(segment);
    if (offset % 4 != 0) throw Napi::RangeError::New(value.Env(), "offset must be a multiple of 4, and is " + std::to_string(offset));
    if (active < 4 || static_cast<uint64_t>(offset) > active - 4) throw outside(value.Env(), segment, static_cast<uint64_t>(offset), 4);
    return static_cast<size_t>(offset);
  }

  static const uint32_t* at(peermap_segment* segment, size_t offset) {
    return reinterpret_cast<const uint32_t*>(static_cast<const char*>(peermap_base(segment)) + offset);
  }

  // Pinned meanwhile, so that no shrink takes it away under a look; between two looks one may.
  int look(peermap_segment* segment, uint32_t ms) const {
    const bool pinned = peermap_pin(segment) != 0;
    const int rc = peermap_wait(segment, at(segment, offset), value, ms);
    if (pinned) peermap_unpin(segment);
    return rc < 0 ? rc : !rc;
  }
};

}  // namespace

Napi::Value Segment::wait_word(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return promised(env, [&] {
    const Word word(info, handle(env));
    const uint32_t deadline = deadline_argument(info[2], handle(env));
    return wait(env, std::make_unique<Wait>(
        attachment_, deadline, stop_argument(info[3]), [word](peermap_segment* segment, uint32_t ms) { return word.look(segment, ms); },
        [](Napi::Env in, bool done) { return Napi::Boolean::New(in, done); }));
  });
}

// In this thread.  A call into JavaScript after each slice fails if that is being terminated.
Napi::Value Segment::wait_word_sync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  peermap_segment* const segment = handle(env);
  const Word word(info, segment);
  const uint64_t until = peermap_now() + uint64_t{ deadline_argument(info[2], segment) } * 1000000;
  const Napi::Function nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  for (;;) {
    const uint64_t now = peermap_now(), rest = now < until ? (until - now) / 1000000 : 0;
    const int rc = word.look(segment, rest < slice_ms ? static_cast<uint32_t>(rest) + 1 : slice_ms);
    if (rc < 0) throw last_error(env, rc);
    if (rc == 1 || peermap_now() >= until) return Napi::Boolean::New(env, rc == 1);
    nothing.Call({});
  }
}

Napi::Value Segment::notify(const Napi::CallbackInfo& info) {
  peermap_segment* const segment = handle(info.Env());
  const size_t offset = Word::offset_argument(info[0], segment);
  const int count = static_cast<int>(integer_argument(info[1], "count", 1, INT_MAX, INT_MAX));
  const int rc = peermap_notify(segment, Word::at(segment, offset), count);
  if (rc < 0) throw last_error(info.Env(), rc);
  return Napi::Number::New(info.Env(), rc);
}

Napi::Value Segment::wait_roots(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return promised(env, [&] {
    const uint64_t seen = static_cast<uint64_t>(integer_argument(info[0], "changes", 0, number_max, 0));
    const uint32_t deadline = deadline_argument(info[1], handle(env));
    const auto changes = std::make_shared<uint64_t>(seen);
    return wait(env, std::make_unique<Wait>(
        attachment_, deadline, stop_argument(info[2]),
        [changes](peermap_segment* segment, uint32_t ms) {
          const int rc = peermap_wait_roots(segment, changes.get(), ms);
          return rc < 0 ? rc : !rc;
        },
        [changes](Napi::Env in, bool done) -> Napi::Value {
          if (!done) throw timed_out(in, "no root changed by the deadline");
          return to_number(in, *changes);
        }));
  });
}

Napi::Value Segment::wait_size(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return promised(env, [&] {
    const size_t bytes = static_cast<size_t>(integer_argument(info[0], "bytes", 0, number_max));
    const uint32_t deadline = deadline_argument(info[1], handle(env));
    const auto size = std::make_shared<size_t>(0);
    return wait(env, std::make_unique<Wait>(
        attachment_, deadline, stop_argument(info[2]),
        [bytes, size](peermap_segment* segment, uint32_t ms) {
          const uint32_t nobody = 0;
          *size = peermap_size(segment);
          if (*size < bytes) peermap_sleep_while(&nobody, 0, peermap_now() + uint64_t{ ms } * 1000000);
          return static_cast<int>(*size >= bytes);
        },
        [bytes, size](Napi::Env in, bool done) -> Napi::Value {
          if (!done) throw timed_out(in, "there were " + std::to_string(*size) + " bytes at the deadline, and not " + std::to_string(bytes));
          return to_number(in, *size);
        }));
  });
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
        attachment, deadline, stop_argument(info[3]),
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
        attachment_, deadline, stop_argument(info[2]),
        [peer](peermap_segment* segment, uint32_t ms) { return peermap_wait_ended(segment, &peer, ms); },
        [](Napi::Env in, bool done) { return Napi::Boolean::New(in, done); }));
  });
}

}  // namespace peermap
