// SPDX-License-Identifier: MIT
//
// addon.h - what the files of the addon share.  The addon is thin: arguments in, objects out; index.d.ts is its face.
//
//     module.cc    exports, and what lives as long as one environment
//     segment.cc   Segment: the process as a peer
//     round.cc     its calls that may wait for other processes
//     wait.cc      those that wait for what others do
//     roots.cc     its named places
//     view.cc      ArrayBuffers over the memory itself, and what they keep alive
//     heap.cc      objects of a segment with a heap
//     observer.cc  Observer: looking at one segment
//     list.cc      list(), processes(): at all
//     look.cc      the same, and what enters, changes and leaves segments, on threads of their own
//     count.cc     Observer.heap(): the heap, counted from outside
//     census.cc    census(), remove(): all shared memory of the machine
//     convert.cc   C structs to the objects of model.d.ts
//     pack.cc      events as rows of numbers
//     arguments.cc JavaScript values to C, or TypeError and RangeError
//     error.cc     codes to Error
//     ending.cc    ending what has threads, before its environment or the process ends
#ifndef PEERMAP_ADDON_H
#define PEERMAP_ADDON_H

// An environment that is being torn down cannot throw: then there is nobody to tell.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "peermap.h"

extern "C" {
#include "census.h"
#include "events.h"
#include "heap.h"
#include "letters.h"
#include "program.h"
#include "snapshot.h"
#include "system.h"
#include "watch.h"
#include "words.h"
}

namespace peermap {

struct Report;

// ---- error.cc ----

Napi::Error make_error(Napi::Env env, int code, const std::string& sentence, int os_error = 0, const Report* report = nullptr);
// Of a call that failed just now in this thread: its sentence, and errno if the code is PEERMAP_EOS.
Napi::Error last_error(Napi::Env env, int code);
Napi::Array error_codes(Napi::Env env);

// ---- arguments.cc: each throws TypeError or RangeError that names the argument ----

std::string string_argument(const Napi::Value& value, const char* what);
// An integer from `least` to `most`; without one, `otherwise`, if that is not negative.
int64_t integer_argument(const Napi::Value& value, const char* what, int64_t least, int64_t most, int64_t otherwise = -1);
bool boolean_argument(const Napi::Value& value, const char* what);
// Of 64 bits; 0 without one.
uint64_t bigint_argument(const Napi::Value& value, const char* what);
// The object, or an empty one if undefined.  TypeError for an option that is none of those known, with the one that was perhaps meant.
Napi::Object options_argument(const Napi::Value& value, const std::vector<std::string>& known);
// One of peers(), or what has its id, or that alone; only the id of it is there then.
peermap_peer peer_argument(const Napi::Value& value);
std::vector<peermap_peer> peers_argument(const Napi::Value& value);
constexpr int64_t number_max = (INT64_C(1) << 53) - 1;

// ---- convert.cc ----

// A round's report, and how each peer came to it.
struct Report {
  peermap_round round = {};
  std::vector<peermap_result> answers;
};

Napi::Object to_object(Napi::Env env, const Report& report);
Napi::Object to_object(Napi::Env env, const peermap_result& answer);
const char* state_word(int state);  // enum peermap_state
Napi::Object to_object(Napi::Env env, const peermap_peer& peer);
Napi::Object to_object(Napi::Env env, const peermap_heap& heap, const std::vector<peermap_heap_class>& classes);
Napi::Object to_object(Napi::Env env, const peermap_heap_peer& peer);
Napi::Object to_object(Napi::Env env, const pmo_snapshot& snapshot);
Napi::Object to_object(Napi::Env env, const pmo_events& events);
Napi::Object to_object(Napi::Env env, const pmo_summary& summary);
Napi::Object to_object(Napi::Env env, const pmo_user& user);
Napi::Array to_array(Napi::Env env, const pmo_problems& problems);
Napi::Number to_number(Napi::Env env, uint64_t value);
// The numbers of JavaScript.  A size, offset, epoch or count: past 2^53 it can only be damage, which a Problem tells, and the largest stands for it.
double as_number(uint64_t value);
// Times may pass 2^53 (CLOCK_MONOTONIC does after 104 days): then they are rounded to 2 ns.
double as_time(uint64_t ns);
// -1: nobody in particular.
int32_t as_slot(uint16_t slot);

// ---- pack.cc ----

Napi::Object pack(Napi::Env env, const pmo_events& events);
Napi::Object event_words(Napi::Env env);

// ---- ending.cc ----

// Something with threads behind it.  Between hold() and let_go() it is ended by its environment's end, or by the process's.
class Ending {
 public:
  virtual ~Ending() = default;
  virtual void end(bool process_exits) = 0;
  // Of a process that exits, before any is ended: what can end soon begins to.
  virtual void stop() {}

 protected:
  void hold(Napi::Env env);
  void let_go();

 private:
  static void environment_ends(void* self);
  napi_env env_ = nullptr;
};

// ---- module.cc ----

class Attachment;

// One for each environment.
struct Instance {
  Napi::FunctionReference segment;
  std::shared_ptr<Attachment>* entering = nullptr;  // what the Segment under construction is to hold
};

Napi::Function define_segment(Napi::Env env);
Napi::Function define_observer(Napi::Env env);
void define_lists(Napi::Env env, Napi::Object exports);
Napi::Value process_file_async(const Napi::CallbackInfo& info);
Napi::Value take_census(const Napi::CallbackInfo& info);
Napi::Value take_census_async(const Napi::CallbackInfo& info);
Napi::Value remove_object_async(const Napi::CallbackInfo& info);
Napi::Value remove_object(const Napi::CallbackInfo& info);
// Undefined if the segment has no heap.
Napi::Value count_heap(Napi::Env env, const pmo_observer& observer);
class Task;
std::unique_ptr<Task> heap_task(Napi::Env env, const pmo_observer& observer);

}  // namespace peermap

#endif
