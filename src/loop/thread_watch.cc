#include "thread_watch.h"

#include <csignal>
#include <utility>

#include "napi/handle_scope.h"
#include "poller.h"

// Debian 12's versions of these need glibc 2.34. They are the same as the first ones.
#if defined(__GLIBC__) && defined(__x86_64__)
#define AFUNIX_FIRST "GLIBC_2.2.5"
#elif defined(__GLIBC__) && defined(__aarch64__)
#define AFUNIX_FIRST "GLIBC_2.17"
#endif
#ifdef AFUNIX_FIRST
__asm__(".symver pthread_create, pthread_create@" AFUNIX_FIRST);
__asm__(".symver pthread_join, pthread_join@" AFUNIX_FIRST);
__asm__(".symver pthread_sigmask, pthread_sigmask@" AFUNIX_FIRST);
#endif

namespace afunix {

struct ThreadWatch::Ring {
  ThreadWatch* watch;  // null when that has ended
  int users = 1;       // on JavaScript's thread only

  void Leave() {
    if (--users == 0) delete this;
  }
};

ThreadWatch* ThreadWatch::Start(PollLoop* loop, napi_env env, napi_ref set_immediate, int least) {
  auto* watch = new ThreadWatch(loop, env, set_immediate);
  if (watch->wait_.Open(least) == 0 && watch->Open()) return watch;
  watch->Release();
  return nullptr;
}

ThreadWatch::ThreadWatch(PollLoop* loop, napi_env env, napi_ref set_immediate)
    : loop_(loop), env_(env), set_immediate_(set_immediate), ring_(new Ring{this}) {}

ThreadWatch::~ThreadWatch() {
  Stop();
  ring_->watch = nullptr;
  ring_->Leave();
}

bool ThreadWatch::Open() {
  const HandleScope scope(env_);
  napi_value name, again;
  if (napi_create_string_utf8(env_, "afunix", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_function(env_, nullptr, 0, OnImmediate, ring_, &again) != napi_ok ||
      napi_create_reference(env_, again, 1, &deliver_) != napi_ok) {
    return false;
  }
  const auto finalize = [](napi_env, void* ring, void*) { static_cast<Ring*>(ring)->Leave(); };
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, ring_, finalize, ring_,
                                      OnRing, &function_) != napi_ok) {
    return false;
  }
  ring_->users++;
  if (!StartThread()) {
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
    return false;
  }
  // After the function was made: hooks run last in, first out, and the function has one that ends
  // it.
  return napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this) == napi_ok;
}

bool ThreadWatch::StartThread() {
  sigset_t all, before;
  sigfillset(&all);
  // The process's signals are for its other threads.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  runs_ = pthread_create(&thread_, nullptr, Run, this) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return runs_;
}

void* ThreadWatch::Run(void* data) {
  auto* watch = static_cast<ThreadWatch*>(data);
  while (watch->wait_.Wait()) {
    const auto status =
        napi_call_threadsafe_function(watch->function_, nullptr, napi_tsfn_nonblocking);
    if (status != napi_ok) return nullptr;  // the environment ends
  }
  napi_release_threadsafe_function(watch->function_, napi_tsfn_release);
  return nullptr;
}

void ThreadWatch::OnRing(napi_env env, napi_value, void* data, void*) {
  auto* ring = static_cast<Ring*>(data);
  if (env == nullptr || ring->watch == nullptr) return;
  ring->watch->loop_->Collect();
  Deliver(ring);
}

void ThreadWatch::Deliver(Ring* ring) {
  ring->users++;
  const bool delivered = ring->watch->loop_->DeliverNext();
  if (ThreadWatch* watch = ring->watch) delivered ? watch->DeliverLater() : watch->WaitAgain();
  ring->Leave();
}

napi_value ThreadWatch::OnImmediate(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  auto* ring = static_cast<Ring*>(data);
  if (ring->watch != nullptr) Deliver(ring);
  return nullptr;
}

void ThreadWatch::DeliverLater() {
  const HandleScope scope(env_);
  napi_value set_immediate, again, global, result;
  if (napi_get_reference_value(env_, set_immediate_, &set_immediate) == napi_ok &&
      napi_get_reference_value(env_, deliver_, &again) == napi_ok &&
      napi_get_global(env_, &global) == napi_ok) {
    napi_call_function(env_, global, set_immediate, 1, &again, &result);
  }
}

void ThreadWatch::WaitAgain() {
  if (runs_ && wait_.Watch(set_) < 0) DeliverLater();  // without memory
}

int ThreadWatch::Watch(int set) {
  const int error = wait_.Watch(set);
  if (error == 0) set_ = set;
  return error;
}

void ThreadWatch::SetReference(bool referenced) {
  if (!runs_ || referenced == referenced_) return;
  referenced_ = referenced;
  if (referenced) {
    napi_ref_threadsafe_function(env_, function_);
  } else {
    napi_unref_threadsafe_function(env_, function_);
  }
}

// Calls nothing of Node-API: at the end of Deno's environments there is no V8 any more.
void ThreadWatch::Stop() {
  if (!std::exchange(runs_, false)) return;
  wait_.Stop();
  pthread_join(thread_, nullptr);
}

void ThreadWatch::OnEnvironmentEnd(void* watch) { static_cast<ThreadWatch*>(watch)->Stop(); }

void ThreadWatch::Release() { delete this; }

}  // namespace afunix
