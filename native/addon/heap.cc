// SPDX-License-Identifier: MIT
//
// heap.cc - objects of a segment with a heap, by their offsets in the data.
#include "segment.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace peermap {
namespace {

// What this thread's free or resize found wrong with its object; nobody else hears of it then.
thread_local std::string* fault_sentence = nullptr;

void on_fault(const peermap_heap_fault* fault, void*) {
  if (fault_sentence) {
    *fault_sentence = fault->sentence;
  } else {
    std::fprintf(stderr, "%s\n", fault->sentence);
  }
}

class Faults {
 public:
  Faults() {
    static std::once_flag once;
    std::call_once(once, [] { peermap_on_heap_fault(on_fault, nullptr); });
    fault_sentence = &sentence_;
  }
  ~Faults() { fault_sentence = nullptr; }
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
  void raise(Napi::Env env) const {
    if (!sentence_.empty()) throw make_error(env, PEERMAP_EINVAL, sentence_);
  }

 private:
  std::string sentence_;
};

int code_of(int error) {
  switch (error) {
    case EINVAL: return PEERMAP_EINVAL;
    case EEXIST: return PEERMAP_EEXIST;
    case EBADF: return PEERMAP_EDETACHED;
    case ENODATA: return PEERMAP_ELOST;
    case EROFS: return PEERMAP_EREADONLY;
    default: return PEERMAP_ENOSPC;
  }
}

Napi::Value offset_of(Napi::Env env, peermap_segment* segment, const void* object, int error) {
  if (object) return to_number(env, static_cast<uint64_t>(static_cast<const char*>(object) - static_cast<char*>(peermap_base(segment))));
  throw make_error(env, code_of(error), peermap_last_error(), error);
}

// Of whoever has left nothing is known.
Napi::Object to_row(Napi::Env env, const peermap_object& object) {
  Napi::Object row = Napi::Object::New(env);
  row.Set("offset", to_number(env, object.offset));
  row.Set("size", to_number(env, object.size));
  row.Set("state", state_word(object.state));
  if (object.owner) {
    row.Set("owner", Napi::BigInt::New(env, object.owner));
    row.Set("pid", object.pid);
    row.Set("name", object.name);
  }
  if (object.allocated_ns) row.Set("allocatedAtMs", Napi::Number::New(env, static_cast<double>(object.allocated_ns / 1000000)));
  return row;
}

// Not by memset(): the object may have been cut short.  False, and the sentence: then it is freed.
bool write_zeroes(peermap_segment* segment, void* object, size_t size) {
  static const char zeroes[4096] = {};
  const size_t begin = static_cast<size_t>(static_cast<char*>(object) - static_cast<char*>(peermap_base(segment)));
  for (size_t done = 0, piece; done < size; done += piece) {
    piece = std::min(size - done, sizeof zeroes);
    if (peermap_write(segment, begin + done, zeroes, piece) == 0) continue;
    peermap_free(segment, object);
    return false;
  }
  return true;
}

void* at(peermap_segment* segment, size_t offset) { return static_cast<char*>(peermap_base(segment)) + offset; }

}  // namespace

size_t Segment::object_argument(const Napi::CallbackInfo& info) {
  const int64_t offset = integer_argument(info[0], "offset", 0, number_max);
  peermap_segment* const segment = handle(info.Env());
  throw_if_lost(info.Env(), segment);
  if (static_cast<uint64_t>(offset) >= peermap_size(segment))
    throw outside(info.Env(), segment, static_cast<uint64_t>(offset), 0);
  return static_cast<size_t>(offset);
}

Napi::Value Segment::allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const size_t size = static_cast<size_t>(integer_argument(info[0], "bytes", 0, number_max));
  const Napi::Object options = options_argument(info[1], { "alignment", "zeroed" });
  const size_t alignment = static_cast<size_t>(integer_argument(options.Get("alignment"), "options.alignment", 1, number_max, 0));
  const bool zeroed = boolean_argument(options.Get("zeroed"), "options.zeroed");
  peermap_segment* const segment = handle(env);
  void* object;
  if (alignment == 0 && zeroed) {
    object = peermap_calloc(segment, 1, size);
  } else {
    object = alignment == 0 ? peermap_alloc(segment, size) : peermap_aligned_alloc(segment, alignment, size);
  }
  const int error = errno;
  const Napi::Value offset = offset_of(env, segment, object, error);
  if (alignment != 0 && zeroed && !write_zeroes(segment, object, size)) throw make_error(env, PEERMAP_ELOST, peermap_last_error());
  return offset;
}

Napi::Value Segment::allocate_to(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t slot = integer_argument(info[0], "slot", 0, number_max);
  const size_t size = static_cast<size_t>(integer_argument(info[1], "bytes", 0, number_max));
  peermap_segment* const segment = handle(env);
  const uint64_t active = peermap_size(segment);
  if (slot % 8 != 0) throw Napi::RangeError::New(env, "slot must be a multiple of 8, and is " + std::to_string(slot));
  if (active < 8 || static_cast<uint64_t>(slot) > active - 8) throw outside(env, segment, static_cast<uint64_t>(slot), 8);
  const uint64_t offset = peermap_alloc_offset_to(segment, static_cast<uint64_t*>(at(segment, static_cast<size_t>(slot))), size);
  const int error = errno;
  if (offset == 0) throw make_error(env, code_of(error), peermap_last_error(), error);
  return to_number(env, offset);
}

Napi::Value Segment::objects_from(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint64_t cursor = bigint_argument(info[0], "cursor");
  const int64_t limit = integer_argument(info[1], "limit", 1, 1 << 20, 1024);
  peermap_segment* const segment = handle(env);
  Napi::Array rows = Napi::Array::New(env);
  peermap_object object;
  int rc = 1;
  while (rc == 1 && rows.Length() < limit) {
    rc = peermap_next_object(segment, &cursor, &object);
    if (rc < 0) throw last_error(env, rc);
    if (rc == 1) rows.Set(rows.Length(), to_row(env, object));
  }
  Napi::Object batch = Napi::Object::New(env);
  batch.Set("objects", rows);
  if (rc == 1) batch.Set("cursor", Napi::BigInt::New(env, cursor));
  return batch;
}

Napi::Value Segment::reallocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const size_t offset = object_argument(info);
  const size_t size = static_cast<size_t>(integer_argument(info[1], "bytes", 0, number_max));
  peermap_segment* const segment = handle(env);
  void* const object = at(segment, offset);
  if (!attachment_->only_reads()) attachment_->neuter(env, offset, peermap_object_size(segment, object));
  const Faults faults;
  void* const moved = peermap_realloc(segment, object, size);
  const int error = errno;
  faults.raise(env);
  return offset_of(env, segment, moved, error);
}

Napi::Value Segment::deallocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const size_t offset = object_argument(info);
  peermap_segment* const segment = handle(env);
  void* const object = at(segment, offset);
  if (!attachment_->only_reads()) attachment_->neuter(env, offset, peermap_object_size(segment, object));
  const Faults faults;
  errno = 0;
  peermap_free(segment, object);
  const int error = errno;
  faults.raise(env);
  if (error == ENODATA || error == EROFS) throw make_error(env, error == EROFS ? PEERMAP_EREADONLY : PEERMAP_ELOST, peermap_last_error());
  return env.Undefined();
}

Napi::Value Segment::object_size(const Napi::CallbackInfo& info) {
  const size_t offset = object_argument(info);
  peermap_segment* const segment = handle(info.Env());
  errno = 0;
  const size_t size = peermap_object_size(segment, at(segment, offset));
  if (size == 0 && errno == ENODATA) throw make_error(info.Env(), PEERMAP_ELOST, peermap_last_error());
  return to_number(info.Env(), size);
}

Napi::Value Segment::heap_stats(const Napi::CallbackInfo& info) {
  peermap_segment* const segment = handle(info.Env());
  peermap_heap heap;
  int rc = peermap_heap_stats(segment, &heap);
  if (rc == 0) rc = peermap_heap_classes(segment, nullptr, 0);
  std::vector<peermap_heap_class> classes(static_cast<size_t>(std::max(rc, 0)));
  if (rc > 0) rc = peermap_heap_classes(segment, classes.data(), rc);
  if (rc < 0) throw last_error(info.Env(), rc);
  return to_object(info.Env(), heap, classes);
}

Napi::Value Segment::heap_peers(const Napi::CallbackInfo& info) {
  return rows_of(info.Env(), handle(info.Env()), &peermap_heap_peers);
}

}  // namespace peermap
