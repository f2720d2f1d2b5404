// SPDX-License-Identifier: MIT
//
// arguments.cc - JavaScript values to C.  TypeError for a wrong type, RangeError for a wrong value, each naming the argument.
#include "addon.h"

#include <cmath>

namespace peermap {

std::string string_argument(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  std::string text = value.As<Napi::String>();
  if (text.find('\0') != std::string::npos) throw Napi::RangeError::New(value.Env(), std::string(what) + " must not contain NUL");
  return text;
}

int64_t integer_argument(const Napi::Value& value, const char* what, int64_t least, int64_t most, int64_t otherwise) {
  if (value.IsUndefined() && otherwise >= 0) return otherwise;
  if (!value.IsNumber()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || std::floor(number) != number)
    throw Napi::RangeError::New(value.Env(), std::string(what) + " must be an integer from " + std::to_string(least) + " to " +
                                                 std::to_string(most));
  return static_cast<int64_t>(number);
}

uint64_t bigint_argument(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return 0;
  if (!value.IsBigInt()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a bigint");
  bool lossless = false;
  const uint64_t number = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) throw Napi::RangeError::New(value.Env(), std::string(what) + " is no number of 64 bits");
  return number;
}

bool boolean_argument(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return false;
  if (!value.IsBoolean()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a boolean");
  return value.As<Napi::Boolean>();
}

Napi::Value options_argument(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return Napi::Object::New(value.Env());
  if (!value.IsObject() || value.IsFunction()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be an object");
  return value;
}

peermap_peer peer_argument(const Napi::Value& value) {
  const Napi::Value id = value.IsObject() ? value.As<Napi::Object>().Get("id") : value;
  if (!id.IsBigInt()) throw Napi::TypeError::New(value.Env(), "peer must be one of peers(), or have its id");
  peermap_peer peer = {};
  peer.id = bigint_argument(id, "peer.id");
  return peer;
}

std::vector<peermap_peer> peers_argument(const Napi::Value& value) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), "peers must be an array");
  const Napi::Array given = value.As<Napi::Array>();
  std::vector<peermap_peer> peers;
  for (uint32_t i = 0; i < given.Length(); i++) peers.push_back(peer_argument(given.Get(i)));
  return peers;
}

}  // namespace peermap
