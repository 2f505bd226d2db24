// Pollers as uv_poll_t on the environment's own loop, never the default one: workers have theirs.
#include "poller.h"

#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <uv.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

#include <algorithm>
#include <cerrno>

namespace afunix {

// On the heap and apart from its Poller: libuv holds on to it until its close callback has run.
struct PollHandle {
  uv_poll_t uv;
  PollLoop* loop;
  Poller* poller;        // null once the poller is closed
  bool changed = false;  // in the loop's `changed_`

  static void OnPoll(uv_poll_t* uv, int status, int events) {
    auto* handle = static_cast<PollHandle*>(uv->data);
    Poller* poller = handle->poller;
    if (poller == nullptr) return;
    if (status < 0) {
      // libuv reports any POLLERR as UV_EBADF and has stopped polling.
      poller->Fail();
      return;
    }
    int ready = 0;
    if ((events & UV_READABLE) != 0) ready |= kReadable;
    if ((events & UV_WRITABLE) != 0) ready |= kWritable;
    if (ready != 0) poller->listener_->OnReady(ready);
  }

  static void OnClose(uv_handle_t* uv) {
    auto* handle = static_cast<PollHandle*>(uv->data);
    PollLoop* loop = handle->loop;
    delete handle;
    loop->Released();
  }
};

// Runs just before the loop would sleep.
struct Vigil {
  uv_prepare_t uv;
  PollLoop* loop;
  uint64_t awake_until = 0;  // uv_hrtime()

  static void OnPrepare(uv_prepare_t* uv) {
    auto* vigil = static_cast<Vigil*>(uv->data);
    vigil->loop->DropDead();
    const uint64_t now = uv_hrtime();
    if (now < vigil->awake_until) {
      vigil->StayAwake(now);
    } else if (vigil->loop->changed_.empty()) {
      uv_prepare_stop(uv);
    }
  }

  // The loop's own descriptor is readable as soon as any that it watches is ready: one system call
  // asks for all of them.
  void StayAwake(uint64_t now) {
    const int timeout = uv_backend_timeout(uv.loop);
    if (timeout == 0) return;
    uint64_t until = awake_until;
    if (timeout > 0) until = std::min(until, now + uint64_t{1000000} * timeout);
    pollfd ready = {uv_backend_fd(uv.loop), POLLIN, 0};
    // Yields in between: on a shared processor the peer could not answer before the time is over.
    while (::poll(&ready, 1, 0) <= 0 && uv_hrtime() < until) ::sched_yield();
  }

  static void OnClose(uv_handle_t* uv) {
    auto* vigil = static_cast<Vigil*>(uv->data);
    PollLoop* loop = vigil->loop;
    delete vigil;
    loop->Released();
  }
};

bool PollLoop::KeepVigil() {
  if (vigil_ == nullptr) {
    if (loop_ == nullptr || drained_ != nullptr) return false;
    vigil_ = new Vigil{{}, this};
    uv_prepare_init(static_cast<uv_loop_t*>(loop_), &vigil_->uv);
    uv_unref(reinterpret_cast<uv_handle_t*>(&vigil_->uv));
    vigil_->uv.data = vigil_;
    handles_++;
  }
  uv_prepare_start(&vigil_->uv, Vigil::OnPrepare);
  return true;
}

void PollLoop::StayAwake(unsigned microseconds) {
  if (!KeepVigil()) return;
  vigil_->awake_until = std::max(vigil_->awake_until, uv_hrtime() + uint64_t{1000} * microseconds);
}

// Whether the loop can watch what `fd` is by now.
static bool CanBeWatched(uv_loop_t* loop, int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return false;
  if (S_ISSOCK(status.st_mode)) return true;
#ifdef __linux__
  epoll_event none = {};
  if (::epoll_ctl(uv_backend_fd(loop), EPOLL_CTL_ADD, fd, &none) != 0) return errno == EEXIST;
  ::epoll_ctl(uv_backend_fd(loop), EPOLL_CTL_DEL, fd, &none);
#else
  (void)loop;
#endif
  return true;
}

// libuv ends the process if a descriptor that it is about to watch is not open any more, or is
// something that epoll does not take by now: somebody closed it by its number, behind our back.
void PollLoop::DropDead() {
  while (!changed_.empty()) {
    PollHandle* handle = changed_.back();
    changed_.pop_back();
    handle->changed = false;
    uv_os_fd_t fd = -1;
    uv_fileno(reinterpret_cast<uv_handle_t*>(&handle->uv), &fd);
    if (CanBeWatched(static_cast<uv_loop_t*>(loop_), fd)) continue;
    uv_poll_stop(&handle->uv);
    handle->poller->Fail();
  }
}

PollLoop::PollLoop(napi_env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) == napi_ok) loop_ = loop;
}

void PollLoop::Shutdown(Drained drained, void* data) {
  drained_ = drained;
  data_ = data;
  if (vigil_ != nullptr) {
    uv_close(reinterpret_cast<uv_handle_t*>(&vigil_->uv), Vigil::OnClose);
    vigil_ = nullptr;
  }
  if (handles_ == 0) drained_(data_);
}

void PollLoop::Released() {
  handles_--;
  if (handles_ == 0 && drained_ != nullptr) drained_(data_);
}

int Poller::Arm(int fd, int events) {
  if (events == armed_) return 0;
  if (handle_ == nullptr) {
    if (loop_->loop_ == nullptr || loop_->drained_ != nullptr) return UV_ECANCELED;
    auto* handle = new PollHandle{{}, loop_, this};
    const int result = uv_poll_init(static_cast<uv_loop_t*>(loop_->loop_), &handle->uv, fd);
    if (result < 0) {
      delete handle;
      return result;
    }
    handle->uv.data = handle;
    handle_ = handle;
    loop_->handles_++;
    if (!referenced_) uv_unref(reinterpret_cast<uv_handle_t*>(&handle->uv));
  }
  int wanted = 0;
  if ((events & kReadable) != 0) wanted |= UV_READABLE;
  if ((events & kWritable) != 0) wanted |= UV_WRITABLE;
  const int result = wanted == 0 ? uv_poll_stop(&handle_->uv)
                                 : uv_poll_start(&handle_->uv, wanted, PollHandle::OnPoll);
  armed_ = result < 0 ? 0 : events;
  if (armed_ != 0 && !handle_->changed && loop_->KeepVigil()) {
    handle_->changed = true;
    loop_->changed_.push_back(handle_);
  }
  return result;
}

// Whoever waits makes its call and learns the error from it, then arms again.
void Poller::Fail() {
  const int armed = armed_;
  armed_ = 0;
  listener_->OnReady(armed);
}

void Poller::SetReference(bool referenced) {
  if (referenced == referenced_) return;
  referenced_ = referenced;
  if (handle_ == nullptr) return;
  auto* uv = reinterpret_cast<uv_handle_t*>(&handle_->uv);
  if (referenced) {
    uv_ref(uv);
  } else {
    uv_unref(uv);
  }
}

void Poller::Close() {
  if (handle_ == nullptr) return;
  PollHandle* handle = handle_;
  handle_ = nullptr;
  armed_ = 0;
  handle->poller = nullptr;
  auto& changed = loop_->changed_;
  if (handle->changed) changed.erase(std::find(changed.begin(), changed.end(), handle));
  uv_poll_stop(&handle->uv);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle->uv), PollHandle::OnClose);
}

}  // namespace afunix
