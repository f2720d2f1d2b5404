// SPDX-License-Identifier: MIT
//
// view.cc - ArrayBuffers over a segment's memory itself.
//
// None may outlive the mapping, nor lose its memory to a shrink.  So all views of an attachment share one pin, which stays while there is
// a view; and whatever ends a view - release, a free, leaving the segment - detaches its ArrayBuffer: it has no bytes then.
//
// ArrayBuffer.prototype.transfer(), also inside a byte stream, moves the memory to a buffer that nobody tells of.  When that is collected
// the finalizer runs, so until then the view counts and the mapping stays.
#include "segment.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace peermap {
namespace {

// Node 20 has none longer, and a failure in there would leave it open who frees the view.
constexpr size_t view_max = size_t{ 1 } << 32;

void collected(napi_env env, void*, void* hint) {
  const std::unique_ptr<View> view(static_cast<View*>(hint));
  if (view->buffer) napi_delete_reference(env, view->buffer);
  const std::shared_ptr<Attachment> attachment = std::move(view->attachment);
  if (attachment) attachment->forget(view.get());
}

Napi::Error refused(Napi::Env env, napi_status status) {
  if (status == napi_no_external_buffers_allowed)
    return make_error(env, PEERMAP_EOS, "this runtime allows no views of shared memory; use read() and write()", ENOTSUP);
  return Napi::Error::New(env);
}

}  // namespace

bool can_view(Napi::Env env) {
  static char byte;
  napi_value buffer;
  return napi_create_external_arraybuffer(env, &byte, 1, nullptr, nullptr, &buffer) == napi_ok;
}

Napi::Value make_view(Napi::Env env, const std::shared_ptr<Attachment>& attachment, uint64_t offset, size_t length) {
  if (length > view_max) throw Napi::RangeError::New(env, "a view has at most 4 GiB, and this would have " + std::to_string(length) + " bytes");
  peermap_segment* const segment = attachment->segment();
  if (!attachment->pin(offset, length))
    throw outside(env, segment, offset, length);
  View* const view = new View{ nullptr, offset, length };
  napi_value buffer;
  const napi_status status =
      napi_create_external_arraybuffer(env, static_cast<char*>(peermap_base(segment)) + offset, length, collected, view, &buffer);
  if (status != napi_ok) {
    attachment->settle();
    throw refused(env, status);
  }
  napi_create_reference(env, buffer, 0, &view->buffer);
  view->attachment = attachment;
  attachment->add(view);
  return Napi::Value(env, buffer);
}

bool View::is(napi_env env, napi_value other) const {
  napi_value value = nullptr;
  bool same = false;
  return napi_get_reference_value(env, buffer, &value) == napi_ok && value && napi_strict_equals(env, value, other, &same) == napi_ok && same;
}

bool View::neuter(napi_env env) {
  napi_value value = nullptr;
  bool gone = true;
  if (napi_get_reference_value(env, buffer, &value) != napi_ok || !value) return false;
  if (napi_is_detached_arraybuffer(env, value, &gone) != napi_ok || gone) return false;
  return napi_detach_arraybuffer(env, value) == napi_ok;
}

bool Attachment::pin(uint64_t offset, size_t length) {
  const uint64_t active = peermap_pin(segment_);
  const bool inside = offset <= active && length <= active - offset;
  if (active == 0) return false;  // there are as many as can be
  // Pins count, and reach as far as the furthest: one is enough.
  if (pinned_ || !inside) peermap_unpin(segment_);
  pinned_ = pinned_ || inside;
  return inside;
}

void Attachment::add(View* view) { views_.emplace(view->offset, view); }

void Attachment::forget(View* view) {
  const auto range = views_.equal_range(view->offset);
  for (auto at = range.first; at != range.second; ++at) {
    if (at->second != view) continue;
    views_.erase(at);
    break;
  }
  settle();
}

void Attachment::neuter(Napi::Env env, uint64_t offset, uint64_t length) {
  for (auto at = views_.lower_bound(offset); at != views_.end() && at->first - offset <= length;) {
    View* const view = at->second;
    const bool inside = view->length <= length - (at->first - offset);
    if (inside && view->neuter(env)) {
      at = views_.erase(at);
      view->attachment.reset();  // never the last: who calls holds one
    } else {
      ++at;
    }
  }
  settle();
}

void Attachment::release(Napi::Env env, uint64_t offset, const Napi::Value& buffer) {
  const auto range = views_.equal_range(offset);
  for (auto at = range.first; at != range.second; ++at) {
    View* const view = at->second;
    if (!view->is(env, buffer) || !view->neuter(env)) continue;
    views_.erase(at);
    view->attachment.reset();
    break;
  }
  settle();
}

// After a view less: without any nothing is pinned, and who wanted to leave does.
void Attachment::settle() {
  if (!views_.empty() || parted_ || !segment_) return;
  if (pinned_) peermap_unpin(segment_);
  pinned_ = false;
  if (!detached_) return;
  let_go();
  parted_ = later_;
  if (!parted_) depart(false);
}

void Attachment::leave(Napi::Env env) {
  detached_ = true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    leaving_ = true;
  }
  neuter(env, 0, UINT64_MAX);
}

bool Attachment::part(Napi::Env env) {
  if (detached_) return false;
  later_ = true;
  leave(env);
  later_ = false;
  return parted_;
}

void Attachment::end(bool process_exits) {
  const std::shared_ptr<Attachment> last = std::move(self_);
  detached_ = true;
  depart(process_exits);
}

void Attachment::wake() { ::syscall(SYS_futex, &ended_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

void Attachment::depart(bool process_exits) {
  std::unique_lock<std::mutex> lock(mutex_);
  leaving_ = true;
  // At exit nobody waits for a round: the kernel marks the peer dead, and that is all that a detach would have improved on.  By the kernel's
  // clock: a preloaded library may give the C library's waits another time.
  const uint64_t until = peermap_now() + UINT64_C(2000000) * slice_ms;
  while (process_exits && running_ > 0) {
    if (running_ > slices_ || peermap_now() >= until) return;
    const uint32_t seen = ended_.load();
    lock.unlock();
    peermap_sleep_while(reinterpret_cast<const uint32_t*>(&ended_), seen, until);
    lock.lock();
  }
  idle_.wait(lock, [this] { return running_ == 0; });
  peermap_segment* const segment = segment_;
  segment_ = nullptr;
  lock.unlock();
  peermap_detach(segment);
}

}  // namespace peermap
