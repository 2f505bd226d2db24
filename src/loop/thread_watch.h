// Waits for the shared set in a thread, which calls JavaScript's by a threadsafe function.
#pragma once

#include <node_api.h>
#include <pthread.h>

#include "set_watch.h"
#include "sys/wait_set.h"

namespace afunix {

class PollLoop;

class ThreadWatch final : public SetWatch {
 public:
  // Starts the thread. `set_immediate` is JavaScript's function. `least`: as that of ReadySet.
  // Returns nullptr if there is no thread to be had.
  static ThreadWatch* Start(PollLoop* loop, napi_env env, napi_ref set_immediate, int least);

  int Watch(int set) override;
  void SetReference(bool referenced) override;
  void Release() override;

 private:
  // What JavaScript's functions have: they may outlive the watch.
  struct Ring;

  ThreadWatch(PollLoop* loop, napi_env env, napi_ref set_immediate);
  ~ThreadWatch() override;

  bool Open();
  bool StartThread();
  static void* Run(void* watch);
  // The threadsafe function's call, on JavaScript's thread.
  static void OnRing(napi_env env, napi_value, void* ring, void*);
  static napi_value OnImmediate(napi_env env, napi_callback_info info);
  static void OnEnvironmentEnd(void* watch);
  static void Deliver(Ring* ring);
  // Delivers the next one in an immediate: what this one has queued runs first, and Bun calls
  // threadsafe functions as long as there are any to call, before its timers.
  void DeliverLater();
  // Has the thread wait again, when all was delivered.
  void WaitAgain();
  void Stop();

  PollLoop* const loop_;
  const napi_env env_;
  const napi_ref set_immediate_;
  Ring* const ring_;
  napi_ref deliver_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
  sys::WaitSet wait_;
  int set_ = -1;
  pthread_t thread_ = {};
  bool runs_ = false;
  bool referenced_ = true;
};

}  // namespace afunix
