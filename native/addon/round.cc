// SPDX-License-Identifier: MIT
//
// round.cc - the calls that may wait for other processes.
//
// Each has a thread of its own (look.cc), for it may wait until its deadline, and the threads of the pool are few.  One at a time for each Segment, in the order
// they were asked for: the library serialises them anyway.
#include "segment.h"

namespace peermap {
namespace {

// Of the handle's last round.  A code of peermap.h, or 0.
int read_answers(peermap_segment* segment, std::vector<peermap_result>& answers) {
  int count = peermap_results(segment, nullptr, 0);
  while (count > static_cast<int>(answers.size())) {  // another round may end between two calls
    answers.resize(static_cast<size_t>(count));
    count = peermap_results(segment, answers.data(), count);
  }
  answers.resize(static_cast<size_t>(count < 0 ? 0 : count));
  return count < 0 ? count : 0;
}

}  // namespace

// One round, from the call to its promise: its deadline counts from then, also while it waits for its turn.  Keeps its Segment from being collected.
class Round : public Task {
 public:
  Round(const Napi::Promise::Deferred& deferred, Segment* segment, std::shared_ptr<Attachment> attachment, Op op, size_t bytes, pid_t pid,
        std::vector<peermap_peer> peers)
      : deferred_(deferred), segment_(segment), self_(Napi::Persistent(segment->Value())), attachment_(std::move(attachment)), op_(op), bytes_(bytes),
        pid_(pid), peers_(std::move(peers)), until_(peermap_now() + uint64_t{ peermap_deadline_ms(attachment_->segment()) } * 1000000) {}

  // What is wrong is told by the round's own promise, which had to be there before its turn.
  int take() override {
    rc_ = attachment_->run([this](peermap_segment* segment) {
      if (peermap_now() >= until_) {
        sentence_ = "the calls of this attachment that were asked for before went on until the deadline; repeat";
        return static_cast<int>(PEERMAP_EBUSY);
      }
      peermap_set_thread_deadline(until_);  // the thread is the round's alone
      const int rc = ask(segment);
      if (rc < 0) {
        errno_ = rc == PEERMAP_EOS ? errno : 0;
        sentence_ = peermap_last_error();
      }
      // What was refused before anybody was asked has no answers; the handle still has those of the round before.
      if (report_.round.peers > 0) read_answers(segment, report_.answers);
      return rc;
    });
    return 0;
  }

  Napi::Value tell(Napi::Env env) override {
    try {
      if (rc_ < 0)
        deferred_.Reject(make_error(env, rc_, sentence_, errno_, &report_).Value());
      else
        deferred_.Resolve(op_ == Op::reap || op_ == Op::reap_peers ? Napi::Number::New(env, rc_).As<Napi::Value>() : to_object(env, report_));
    } catch (const Napi::Error&) {
      abandoned();  // the environment is ending
      throw;
    }
    segment_->completed(env);
    return env.Undefined();
  }

  // Nobody hears of those that wait either.
  void abandoned() override { segment_->abandon(); }

 private:
  int ask(peermap_segment* segment) {
    switch (op_) {
      case Op::grow: return peermap_grow(segment, bytes_, &report_.round);
      case Op::grow_to: return peermap_grow_to(segment, bytes_, &report_.round);
      case Op::shrink: return peermap_shrink(segment, bytes_, &report_.round);
      case Op::trim: return peermap_trim(segment, &report_.round);
      case Op::reap: return peermap_reap(segment);
      case Op::reap_peers: return peermap_reap_peers(segment, peers_.data(), static_cast<int>(peers_.size()));
      case Op::remap: return peermap_remap(segment, pid_, &report_.round);
      default: return peermap_map_peer(segment, pid_, &report_.round);
    }
  }

  Napi::Promise::Deferred deferred_;
  Segment* const segment_;
  const Napi::ObjectReference self_;
  const std::shared_ptr<Attachment> attachment_;
  const Op op_;
  const size_t bytes_;
  const pid_t pid_;
  const std::vector<peermap_peer> peers_;
  const uint64_t until_;
  Report report_;
  int rc_ = 0;
  int errno_ = 0;
  std::string sentence_;
};

template <Op op>
Napi::Value Segment::round(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return promised(env, [&] {
    constexpr bool sized = op == Op::grow || op == Op::grow_to || op == Op::shrink;
    const int64_t bytes = sized ? integer_argument(info[0], "bytes", 1, number_max) : 0;
    const int64_t pid = sized || op == Op::trim || op == Op::reap ? 0 : integer_argument(info[0], "pid", 1, INT32_MAX, 0);
    const bool some = op == Op::reap && !info[0].IsUndefined();
    std::vector<peermap_peer> peers = some ? peers_argument(info[0]) : std::vector<peermap_peer>();
    handle(env);
    const Napi::Promise::Deferred deferred(env);
    waiting_.push_back({ deferred, std::make_unique<Round>(deferred, this, attachment_, some ? Op::reap_peers : op, static_cast<size_t>(bytes), static_cast<pid_t>(pid),
                                                           std::move(peers)) });
    if (!running_) completed(env);
    return deferred.Promise();
  });
}

Napi::Value Segment::results(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<peermap_result> rows;
  const int rc = read_answers(handle(env), rows);
  if (rc != 0) throw last_error(env, rc);
  Napi::Array array = Napi::Array::New(env, rows.size());
  for (size_t i = 0; i < rows.size(); i++) array.Set(static_cast<uint32_t>(i), to_object(env, rows[i]));
  return array;
}

// The next begins; one for which there is no thread has failed, and the one after it has its turn.
void Segment::completed(Napi::Env env) {
  for (running_ = false; !running_ && !waiting_.empty();) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = true;
    try {
      change(env, std::move(next.round));
    } catch (const Napi::Error& error) {
      running_ = false;
      next.deferred.Reject(error.Value());
    }
  }
}

void Segment::abandon() {
  waiting_.clear();
  running_ = false;
}

template Napi::Value Segment::round<Op::grow>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::grow_to>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::shrink>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::remap>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::trim>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::reap>(const Napi::CallbackInfo& info);
template Napi::Value Segment::round<Op::map>(const Napi::CallbackInfo& info);

}  // namespace peermap
