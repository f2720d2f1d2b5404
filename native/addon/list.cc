// SPDX-License-Identifier: MIT
//
// list.cc - what there is on the machine: list() of segments, processes().
//
// Each is one look: at once, which answers with its rows alone, or on a thread of its own, which says as well what it left out.
#include "look.h"

namespace peermap {
namespace {

// Rows that the observer makes, and whether they are all.
template <typename Row>
class Listing : public Task {
 public:
  Napi::Array rows(Napi::Env env) const {
    Napi::Array array = Napi::Array::New(env, count_);
    for (uint32_t i = 0; i < count_; i++) array.Set(i, to_object(env, list_[i]));
    return array;
  }

 protected:
  Napi::Object told(Napi::Env env, const char* word) const {
    Napi::Object object = Napi::Object::New(env);
    object.Set(word, rows(env));
    object.Set("whole", whole_);
    return object;
  }

  Row* list_ = nullptr;
  size_t count_ = 0;
  bool whole_ = true;
};

class Segments : public Listing<pmo_summary> {
 public:
  ~Segments() override { free(list_); }
  int take() override { return pmo_list(&list_, &count_, &left_out_, &whole_); }
  Napi::Value tell(Napi::Env env) override {
    Napi::Object object = told(env, "segments");
    object.Set("leftOut", to_number(env, left_out_));
    return object;
  }

 private:
  size_t left_out_ = 0;
};

class Processes : public Listing<pmo_user> {
 public:
  ~Processes() override {
    pmo_users_free(list_, count_);
    pmo_problems_free(&problems_);
  }
  int take() override { return pmo_users_find(&list_, &count_, &whole_, &problems_); }
  Napi::Value tell(Napi::Env env) override {
    Napi::Object object = told(env, "processes");
    object.Set("problems", to_array(env, problems_));
    return object;
  }

 private:
  pmo_problems problems_ = {};
};

}  // namespace

void define_lists(Napi::Env env, Napi::Object exports) {
  exports.Set("list", Napi::Function::New(env, at_once<Segments>, "list"));
  exports.Set("listAsync", Napi::Function::New(env, in_time<Segments>, "listAsync"));
  exports.Set("processes", Napi::Function::New(env, at_once<Processes>, "processes"));
  exports.Set("processesAsync", Napi::Function::New(env, in_time<Processes>, "processesAsync"));
}

}  // namespace peermap
