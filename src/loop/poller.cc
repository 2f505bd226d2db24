// One uv_poll_t for all descriptors, on the environment's own loop: workers have loops of their
// own. It watches a ReadySet, which has the descriptors. A uv_poll_t for each would cost five more
// system calls for a descriptor, and libuv ends the process if one is closed by its number before
// libuv stops watching it.
#include "poller.h"

#include <poll.h>
#include <sched.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace afunix {

// On the heap and apart from the PollLoop: libuv holds on to it until its close callback has run.
struct LoopWatcher {
  uv_poll_t uv;
  PollLoop* loop;

  static void OnPoll(uv_poll_t* uv, int status, int) {
    PollLoop* loop = static_cast<LoopWatcher*>(uv->data)->loop;
    if (status < 0) {
      loop->Rebuild();
    } else {
      loop->OnReady();
    }
  }

  static void OnClose(uv_handle_t* uv) {
    auto* watcher = static_cast<LoopWatcher*>(uv->data);
    PollLoop* loop = watcher->loop;
    delete watcher;
    loop->Released();
  }
};

// As LoopWatcher, on the heap. Runs before the loop sleeps.
struct BusyPoll {
  uv_prepare_t uv;
  PollLoop* loop;
  uint64_t until = 0;   // uv_hrtime()
  uint64_t served = 0;  // the key of the descriptor that was served last

  static void OnPrepare(uv_prepare_t* uv) {
    auto* self = static_cast<BusyPoll*>(uv->data);
    if (!self->Run()) uv_prepare_stop(uv);
  }

  // Polls until the loop has something to do, and returns true, or false when the time is over.
  bool Run() {
    // Messages in a row that are served here, before the loop serves what else is ready.
    constexpr unsigned kMaxInARow = 16;
    unsigned count = 0;
    for (;;) {
      const int timeout = uv_backend_timeout(uv.loop);
      if (timeout == 0) return true;
      const Poller* last = loop->Find(served);
      const bool waits = last != nullptr && (last->armed_ & kReadable) != 0;
      // The loop's own descriptor is readable as soon as any that it watches is ready.
      pollfd ready[] = {{waits ? last->fd_ : -1, POLLIN, 0}, {uv_backend_fd(uv.loop), POLLIN, 0}};
      if (::poll(ready, 2, 0) > 0) {
        if (ready[0].revents == 0 || ++count > kMaxInARow) return true;
        // Saves the two system calls by which the loop would find it.
        loop->Serve(served, kReadable);
        continue;
      }
      const uint64_t now = uv_hrtime();
      if (now >= until) return false;
      if (timeout > 0 && now - uv_now(uv.loop) * 1000000 >= uint64_t{1000000} * timeout)
        return true;
      // On a shared processor the peer could not answer before the time is over.
      ::sched_yield();
    }
  }

  static void OnClose(uv_handle_t* uv) {
    auto* self = static_cast<BusyPoll*>(uv->data);
    PollLoop* loop = self->loop;
    delete self;
    loop->Released();
  }
};

PollLoop::PollLoop(napi_env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) == napi_ok) loop_ = loop;
}

void PollLoop::StartBusyPoll(int fd, unsigned microseconds) {
  if (busy_ == nullptr) {
    if (loop_ == nullptr || drained_ != nullptr) return;
    busy_ = new BusyPoll{{}, this};
    uv_prepare_init(static_cast<uv_loop_t*>(loop_), &busy_->uv);
    uv_unref(reinterpret_cast<uv_handle_t*>(&busy_->uv));
    busy_->uv.data = busy_;
    handles_++;
  }
  busy_->served = KeyOf(fd);
  busy_->until = std::max(busy_->until, uv_hrtime() + uint64_t{1000} * microseconds);
  uv_prepare_start(&busy_->uv, BusyPoll::OnPrepare);
}

void PollLoop::Orphan(Poller* poller, uint64_t key) {
  const int armed = poller->armed_;
  slots_[static_cast<uint32_t>(key)].poller = nullptr;
  poller->SetArmed(0);
  poller->listener_->OnReady(armed);
}

int PollLoop::Open() {
  if (loop_ == nullptr || drained_ != nullptr) return -ECANCELED;
  sys::ReadySet set;
  // Above the numbers that it watches: if a program closed one of these by its number, the number
  // is free, and its owner may close it once more.
  if (const int error = set.Open(static_cast<int>(slots_.size()))) return error;
  auto* watcher = new LoopWatcher{{}, this};
  int error = uv_poll_init(static_cast<uv_loop_t*>(loop_), &watcher->uv, set.fd());
  if (error < 0) {
    delete watcher;
    return error;
  }
  watcher->uv.data = watcher;
  handles_++;
  error = uv_poll_start(&watcher->uv, UV_READABLE, LoopWatcher::OnPoll);
  if (error < 0) {
    Release(watcher);
    return error;
  }
  if (watcher_ != nullptr) Release(watcher_);
  watcher_ = watcher;
  set_ = std::move(set);
  if (holds_ == 0) uv_unref(reinterpret_cast<uv_handle_t*>(&watcher_->uv));
  return 0;
}

// A descriptor that a program closed by its number stays in the set if another descriptor, here or
// in another process, refers to the same socket. epoll_ctl(2) cannot name it any more, so all
// others move to a new set.
void PollLoop::Rebuild() {
  if (Open() < 0) return;
  std::vector<uint64_t> lost;
  for (size_t fd = 0; fd < slots_.size(); fd++) {
    const Slot& slot = slots_[fd];
    if (slot.poller == nullptr) continue;
    const uint64_t key = KeyOf(static_cast<int>(fd));
    if (set_.Watch(static_cast<int>(fd), 0, slot.poller->armed_, key) < 0) lost.push_back(key);
  }
  for (const uint64_t key : lost) {
    if (Poller* poller = Find(key)) Orphan(poller, key);
  }
}

void PollLoop::Release(LoopWatcher* watcher) {
  uv_poll_stop(&watcher->uv);
  uv_close(reinterpret_cast<uv_handle_t*>(&watcher->uv), LoopWatcher::OnClose);
}

void PollLoop::Shutdown(Drained drained, void* data) {
  drained_ = drained;
  data_ = data;
  if (watcher_ != nullptr) Release(watcher_);
  watcher_ = nullptr;
  if (busy_ != nullptr) uv_close(reinterpret_cast<uv_handle_t*>(&busy_->uv), BusyPoll::OnClose);
  busy_ = nullptr;
  if (handles_ == 0) drained_(data_);
}

void PollLoop::Released() {
  handles_--;
  if (handles_ == 0 && drained_ != nullptr) drained_(data_);
}

void PollLoop::AddHold(int change) {
  const int before = holds_;
  holds_ += change;
  if (watcher_ == nullptr) return;
  auto* uv = reinterpret_cast<uv_handle_t*>(&watcher_->uv);
  if (before == 0) {
    uv_ref(uv);
  } else if (holds_ == 0) {
    uv_unref(uv);
  }
}

int PollLoop::Watch(Poller* poller, int fd, int events) {
  if (watcher_ == nullptr) {
    if (const int error = Open()) return error;
  }
  if (static_cast<size_t>(fd) >= slots_.size()) slots_.resize(static_cast<size_t>(fd) + 1);
  Slot& slot = slots_[static_cast<size_t>(fd)];
  if (slot.poller != poller) {
    // The former poller's descriptor was closed by its number, which means another socket now.
    if (slot.poller != nullptr) slot.poller->SetArmed(0);
    slot = {poller, slot.generation + 1};
  }
  const int result = set_.Watch(fd, poller->armed_, events, KeyOf(fd));
  if (result < 0 && events != 0 && poller->armed_ != 0) return result;  // the set has what it had
  if (result < 0 || events == 0) {
    slot.poller = nullptr;
    poller->SetArmed(0);
    return result;
  }
  poller->SetArmed(events);
  return 0;
}

uint64_t PollLoop::KeyOf(int fd) const {
  return uint64_t{slots_[static_cast<size_t>(fd)].generation} << 32 | static_cast<uint32_t>(fd);
}

Poller* PollLoop::Find(uint64_t key) const {
  const auto fd = static_cast<uint32_t>(key);
  if (fd >= slots_.size() || slots_[fd].generation != key >> 32) return nullptr;
  return slots_[fd].poller;
}

void PollLoop::OnReady() {
  sys::Ready ready[64];
  bool unknown = false;
  const int count = set_.Collect(ready, static_cast<int>(std::size(ready)));
  for (int i = 0; i < count; i++) unknown = unknown || Find(ready[i].key) == nullptr;
  for (int i = 0; i < count; i++) Serve(ready[i].key, ready[i].events);
  if (unknown) Rebuild();
}

void PollLoop::Serve(uint64_t key, int events) {
  Poller* poller = Find(key);  // an earlier listener may have closed it
  if (poller == nullptr) return;
  events &= poller->armed_;
  if (events != 0) poller->listener_->OnReady(events);
}

int Poller::Arm(int fd, int events) {
  if (events == armed_) return 0;
  fd_ = fd;
  return loop_->Watch(this, fd, events);
}

void Poller::SetArmed(int events) {
  armed_ = events;
  UpdateHold();
}

void Poller::SetReference(bool referenced) {
  referenced_ = referenced;
  UpdateHold();
}

void Poller::UpdateHold() {
  const bool holding = referenced_ && armed_ != 0;
  if (holding == holding_) return;
  holding_ = holding;
  loop_->AddHold(holding ? 1 : -1);
}

void Poller::BusyPoll(unsigned microseconds) {
  if (armed_ != 0) loop_->StartBusyPoll(fd_, microseconds);
}

void Poller::Close() {
  if (armed_ != 0) Arm(fd_, 0);
}

}  // namespace afunix
