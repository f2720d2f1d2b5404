// SPDX-License-Identifier: MIT
//
// roots.cc - the roots of a segment: named places in its memory, by their offsets in the data.
#include "segment.h"

namespace peermap {
namespace {

// What a root is to be: the place, its size and its type.
struct Wanted {
  void* pointer = nullptr;
  size_t size = 0;
  std::string type;

  // `first` is the argument that is the offset; null for none, where that is possible.
  Wanted(const Napi::CallbackInfo& info, size_t first, peermap_segment* segment) {
    const int64_t offset = integer_argument(info[first], "offset", 0, number_max);
    const int64_t bytes = integer_argument(info[first + 1], "size", 0, number_max);
    type = info[first + 2].IsUndefined() ? "" : string_argument(info[first + 2], "type");
    const uint64_t active = peermap_size(segment);
    if (static_cast<uint64_t>(offset) > active || static_cast<uint64_t>(bytes) > active - static_cast<uint64_t>(offset))
      throw outside(info.Env(), segment, static_cast<uint64_t>(offset), static_cast<uint64_t>(bytes));
    pointer = static_cast<char*>(peermap_base(segment)) + offset;
    size = static_cast<size_t>(bytes);
  }
  Wanted() = default;

  const char* kind() const { return type.empty() ? nullptr : type.c_str(); }
};

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

Napi::Value Segment::set_root(const Napi::CallbackInfo& info) {
  const std::string root = string_argument(info[0], "root");
  peermap_segment* const segment = handle(info.Env());
  const Wanted wanted(info, 1, segment);
  const int rc = peermap_set_root(segment, root.c_str(), wanted.pointer, wanted.size, wanted.kind());
  if (rc != 0) throw last_error(info.Env(), rc);
  return info.Env().Undefined();
}

Napi::Value Segment::remove_root(const Napi::CallbackInfo& info) {
  const std::string root = string_argument(info[0], "root");
  const int rc = peermap_set_root(handle(info.Env()), root.c_str(), nullptr, 0, nullptr);
  if (rc != 0) throw last_error(info.Env(), rc);
  return info.Env().Undefined();
}

Napi::Value Segment::compare_exchange_root(const Napi::CallbackInfo& info) {
  const std::string root = string_argument(info[0], "root");
  uint64_t version = static_cast<uint64_t>(integer_argument(info[1], "version", 0, number_max));
  peermap_segment* const segment = handle(info.Env());
  const Wanted wanted = info[2].IsNull() ? Wanted() : Wanted(info, 2, segment);
  const int rc = peermap_compare_exchange_root(segment, root.c_str(), &version, wanted.pointer, wanted.size, wanted.kind());
  if (rc < 0) throw last_error(info.Env(), rc);
  return Napi::Boolean::New(info.Env(), rc == 0);
}

Napi::Value Segment::root(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string root = string_argument(info[0], "root");
  peermap_segment* const segment = handle(env);
  peermap_root_copy copy;
  const int rc = peermap_read_root(segment, root.c_str(), &copy);
  if (rc != 0) throw last_error(env, rc);
  return root_object(env, segment, copy);
}

Napi::Value Segment::roots(const Napi::CallbackInfo& info) {
  peermap_segment* const segment = handle(info.Env());
  const auto base = static_cast<const char*>(peermap_base(segment));
  return rows_of<peermap_root_row>(info.Env(), segment, &peermap_roots, [base](Napi::Env env, const peermap_root_row& row) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", row.name);
    object.Set("offset", to_number(env, static_cast<uint64_t>(static_cast<const char*>(row.pointer) - base)));
    object.Set("size", to_number(env, row.size));
    object.Set("type", row.type);
    object.Set("version", to_number(env, row.version));
    return object;
  });
}

}  // namespace peermap
