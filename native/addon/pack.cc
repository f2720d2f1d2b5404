// SPDX-License-Identifier: MIT
//
// pack.cc - events as rows of numbers: an object for each would take longer to make than the events took to happen.
#include <algorithm>

#include "addon.h"

namespace peermap {
namespace {

constexpr size_t row_length = 13;

// In the order of PackedEvents in model.d.ts.
void fill(double* row, const pm_event& event) {
  const bool has_op = pmo_event_has_op(event.kind);
  const double values[] = { as_number(event.seq),
                            as_time(event.time_ns),
                            as_number(event.epoch),
                            static_cast<double>(event.kind),
                            has_op ? 0.0 : event.method,
                            has_op ? event.method : 0.0,
                            static_cast<double>(as_slot(event.slot)),
                            static_cast<double>(event.pid),
                            static_cast<double>(as_slot(event.by)),
                            static_cast<double>(event.by_pid),
                            static_cast<double>(event.error),
                            as_number(event.size),
                            as_number(event.ns) };
  static_assert(sizeof values == row_length * sizeof *row, "a row");
  std::copy(std::begin(values), std::end(values), row);
}

Napi::Array words(Napi::Env env, uint32_t last, const char* (*word)(uint32_t)) {
  Napi::Array array = Napi::Array::New(env, last + 1);
  for (uint32_t i = 0; i <= last; i++) array.Set(i, word(i));
  return array;
}

}  // namespace

Napi::Object pack(Napi::Env env, const pmo_events& events) {
  Napi::Float64Array rows = Napi::Float64Array::New(env, events.count * row_length);
  for (size_t i = 0; i < events.count; i++) fill(rows.Data() + i * row_length, events.list[i]);
  Napi::Object object = Napi::Object::New(env);
  object.Set("rows", rows);
  object.Set("last", as_number(events.last));
  object.Set("missed", as_number(events.missed));
  return object;
}

Napi::Object event_words(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kinds", words(env, PM_EV_LAST, pmo_event_word));
  object.Set("methods", words(env, PM_BY_LAST, pmo_method_word));
  object.Set("ops", words(env, PM_OP_LAST, pmo_op_word));
  return object;
}

}  // namespace peermap
