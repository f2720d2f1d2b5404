// SPDX-License-Identifier: MIT
//
// arguments.cc - JavaScript values to C.  TypeError for a wrong type, RangeError for a wrong value, each naming the argument.
#include "addon.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace peermap {
namespace {

// As they compare: reserve_size and ReserveSize are reserveSize.
std::string folded(const std::string& name) {
  std::string text;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c))) text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string unknown_option(const std::string& name, const std::vector<std::string>& known) {
  const std::string given = folded(name).substr(0, PMO_LETTERS_MAX);
  const std::string* nearest = nullptr;
  size_t least = std::max<size_t>(2, given.size() / 3) + 1;
  for (const std::string& one : known) {
    const std::string option = folded(one);
    const size_t away = pmo_letters_between(given.data(), given.size(), option.data(), option.size());
    if (away < least) {
      least = away;
      nearest = &one;
    }
  }
  if (nearest) return "unknown option " + name + "; did you mean " + *nearest + "?";
  std::string all;
  for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
  return "unknown option " + name + "; there are " + all;
}

}  // namespace

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
    throw Napi::RangeError::New(value.Env(), std::string(what) + " must be an integer from " + std::to_string(least) + " to " + std::to_string(most) +
                                                 ", and is " + value.ToString().Utf8Value());
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

Napi::Object options_argument(const Napi::Value& value, const std::vector<std::string>& known) {
  if (value.IsUndefined()) return Napi::Object::New(value.Env());
  if (!value.IsObject() || value.IsFunction()) throw Napi::TypeError::New(value.Env(), "options must be an object");
  const Napi::Object given = value.As<Napi::Object>();
  const Napi::Array names = given.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string name = names.Get(i).ToString();
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Napi::TypeError::New(value.Env(), unknown_option(name, known));
  }
  return given;
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
