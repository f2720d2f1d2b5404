// SPDX-License-Identifier: MIT
//
// error.cc - a code of peermap.h as an Error with `code`, and `errno` and `round` where there are any.
#include "addon.h"

#include <cerrno>

namespace peermap {

Napi::Error make_error(Napi::Env env, int code, const std::string& sentence, int os_error, const Report* report) {
  Napi::Error error = Napi::Error::New(env, sentence.empty() ? peermap_error_text(code) : pmo_sentence_of(PMO_NODE, sentence.c_str()).text);
  error.Set("code", Napi::String::New(env, peermap_error_name(code)));
  if (os_error != 0) error.Set("errno", Napi::Number::New(env, os_error));
  // A round that was refused before it began has nothing to report.
  if (!report) return error;
  const peermap_round& round = report->round;
  if (round.epoch != 0 || round.peers != 0 || round.blocker_pid != 0) error.Set("round", to_object(env, *report));
  return error;
}

Napi::Error last_error(Napi::Env env, int code) {
  const int os_error = code == PEERMAP_EOS || code == PEERMAP_EACCES ? errno : 0;
  return make_error(env, code, peermap_last_error(), os_error);
}

Napi::Array error_codes(Napi::Env env) {
  Napi::Array codes = Napi::Array::New(env);
  const auto add = [&](const char* name, int number, const char* text) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("code", std::string("PEERMAP_") + name);
    entry.Set("number", number);
    entry.Set("text", text);
    entry.Freeze();
    codes.Set(codes.Length(), entry);
  };
#define X(name, number, text) add(#name, number, text);
  PEERMAP_ERRORS(X)
#undef X
  codes.Freeze();
  return codes;
}

}  // namespace peermap
