// SPDX-License-Identifier: MIT
//
// pack.cc - events as rows of numbers: an object for each would take longer to make than the events took to happen.
#include <algorithm>

#include "addon.h"

namespace peermap {
namespace {

constexpr size_t row_length = 13;

// As to_number().
double whole(uint64_t value) { return static_cast<double>(std::min(value, static_cast<uint64_t>(number_max))); }

double slot_number(uint16_t slot) { return slot == PM_NO_SLOT ? -1 : slot; }

// In the order of PackedEvents in model.d.ts.
void fill(double* row, const pm_event& event) {
  const bool has_op = pmo_event_has_op(event.kind);
  const double values[] = { whole(event.seq),
                            whole(event.time_ns),
                            whole(event.epoch),
                            static_cast<double>(event.kind),
                            has_op ? 0.0 : event.method,
                            has_op ? event.method : 0.0,
                            slot_number(event.slot),
                            static_cast<double>(event.pid),
                            slot_number(event.by),
                            static_cast<double>(event.by_pid),
                            static_cast<double>(event.error),
                            whole(event.size),
                            whole(event.ns) };
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
  object.Set("last", static_cast<double>(events.last));
  object.Set("missed", static_cast<double>(events.missed));
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
