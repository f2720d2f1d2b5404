// SPDX-License-Identifier: MIT
//
// round.cc - the calls that may wait for other processes.
//
// They run off the main thread; one at a time for each Segment, in the order they were asked for, because the library serialises them
// anyway and a waiting thread of the pool is of no use to anybody.
#include "segment.h"

namespace peermap {
namespace {

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

}  // namespace

// Of this thread's calls, while it lives: threads of the pool are lent.
class Deadline {
 public:
  explicit Deadline(uint64_t until) { peermap_set_thread_deadline(until); }
  ~Deadline() { peermap_set_thread_deadline(0); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
};

// One round, from the call to its promise: its deadline counts from then, also while it waits for its turn.  Keeps its Segment from being collected.
class Round : public Napi::AsyncWorker {
 public:
  Round(Napi::Env env, Segment* segment, std::shared_ptr<Attachment> attachment, Op op, size_t bytes, pid_t pid)
      : AsyncWorker(env, "peermap.round"), deferred_(env), segment_(segment), self_(Napi::Persistent(segment->Value())),
        attachment_(std::move(attachment)), op_(op), bytes_(bytes), pid_(pid),
        until_(peermap_now() + uint64_t{ peermap_deadline_ms(attachment_->segment()) } * 1000000) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    rc_ = attachment_->run([this](peermap_segment* segment) {
      if (peermap_now() >= until_) {
        sentence_ = "the calls of this attachment that were asked for before, or other work of the thread pool, went on until the deadline; repeat";
        return static_cast<int>(PEERMAP_EBUSY);
      }
      const Deadline until(until_);
      const int rc = ask(segment);
      if (rc < 0) {
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
      case Op::trim: return peermap_trim(segment, &report_.round);
      case Op::reap: return peermap_reap(segment);
      case Op::remap: return peermap_remap(segment, pid_, &report_.round);
      default: return peermap_map_peer(segment, pid_, &report_.round);
    }
  }

  void OnOK() override {
    try {
      if (rc_ >= 0) {
        deferred_.Resolve(op_ == Op::reap ? Napi::Number::New(Env(), rc_).As<Napi::Value>() : to_object(Env(), report_));
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
  const uint64_t until_;
  Report report_;
  int rc_ = 0;
  int errno_ = 0;
  std::string sentence_;
};

template <Op op>
Napi::Value Segment::round(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  // A function that returns a promise tells everything by it.
  try {
    constexpr bool sized = op == Op::grow || op == Op::shrink;
    const int64_t bytes = sized ? integer_argument(info[0], "bytes", 1, number_max) : 0;
    const int64_t pid = sized || op == Op::trim || op == Op::reap ? 0 : integer_argument(info[0], "pid", 1, INT32_MAX, 0);
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

template Napi::Value Segment::round<Op::grow>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::shrink>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::remap>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::trim>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::reap>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::map>(const Napi::CallbackInfo& info);

}  // namespace peermap
