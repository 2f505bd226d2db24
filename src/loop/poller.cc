// One uv_poll_t on the environment's own loop, never the default one: workers have theirs. It
// watches a ReadySet that has all descriptors: to have libuv watch each of them costs five more
// system calls for a descriptor, and libuv ends the process over one that was closed behind its
// back.
#include "poller.h"

#include <poll.h>
#include <sched.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

namespace afunix {

// On the heap and apart from the PollLoop: libuv holds on to it until its close callback has run.
struct Watcher {
  uv_poll_t uv;
  PollLoop* loop;

  static void OnPoll(uv_poll_t* uv, int status, int) {
    PollLoop* loop = static_cast<Watcher*>(uv->data)->loop;
    if (status < 0) {
      loop->Rebuild();
    } else {
      loop->OnReady();
    }
  }

  static void OnClose(uv_handle_t* uv) {
    auto* watcher = static_cast<Watcher*>(uv->data);
    PollLoop* loop = watcher->loop;
    delete watcher;
    loop->Released();
  }
};

// Runs just before the loop would sleep.
struct Vigil {
  uv_prepare_t uv;
  // While active, whoever runs the loop does not sleep: a program that waits for the loop's
  // descriptor by itself asks for the loop's timeout, and runs no prepare handle before.
  uv_idle_t awake;
  PollLoop* loop;
  uint64_t awake_until = 0;  // uv_hrtime()
  int handles = 2;

  std::array<uv_handle_t*, 2> both() {
    return {reinterpret_cast<uv_handle_t*>(&uv), reinterpret_cast<uv_handle_t*>(&awake)};
  }

  void StayUp() {
    uv_idle_start(&awake, [](uv_idle_t*) {});
  }

  static void OnPrepare(uv_prepare_t* uv) {
    auto* vigil = static_cast<Vigil*>(uv->data);
    uv_idle_stop(&vigil->awake);
    vigil->loop->Resume();
    vigil->loop->DropDead();
    if (std::exchange(vigil->loop->yields_, false) && vigil->loop->WouldSleep()) {
      vigil->loop->yield_.Once();
    }
    const uint64_t now = vigil->awake_until == 0 ? 0 : uv_hrtime();
    if (now < vigil->awake_until) {
      vigil->StayAwake(now);
    } else {
      vigil->awake_until = 0;
      if (vigil->loop->changed_.empty()) uv_prepare_stop(uv);
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
    if (--vigil->handles > 0) return;
    PollLoop* loop = vigil->loop;
    delete vigil;
    loop->Released();
  }
};

PollLoop::PollLoop(napi_env env, Crowd* crowd) : yield_(crowd) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) == napi_ok) loop_ = loop;
}

bool PollLoop::KeepVigil() {
  if (vigil_ == nullptr) {
    if (loop_ == nullptr || drained_ != nullptr) return false;
    vigil_ = new Vigil{{}, {}, this};
    uv_prepare_init(static_cast<uv_loop_t*>(loop_), &vigil_->uv);
    uv_idle_init(static_cast<uv_loop_t*>(loop_), &vigil_->awake);
    for (uv_handle_t* handle : vigil_->both()) {
      uv_unref(handle);
      handle->data = vigil_;
    }
    handles_++;
  }
  uv_prepare_start(&vigil_->uv, Vigil::OnPrepare);
  return true;
}

void PollLoop::StayAwake(unsigned microseconds) {
  if (!KeepVigil()) return;
  vigil_->awake_until = std::max(vigil_->awake_until, uv_hrtime() + uint64_t{1000} * microseconds);
}

// Somebody closed a descriptor by its number, behind our back, right after it was armed: nothing
// would ever come of it. Whoever waits makes its own call and learns the error from it.
void PollLoop::DropDead() {
  const std::vector<uint64_t> changed = std::exchange(changed_, {});
  for (const uint64_t key : changed) {
    Poller* poller = Find(key);
    if (poller != nullptr && !set_.Has(poller->fd_)) Lose(poller, key);
  }
}

void PollLoop::Lose(Poller* poller, uint64_t key) {
  const int armed = poller->armed_;
  slots_[static_cast<uint32_t>(key)].poller = nullptr;
  poller->watched_ = 0;
  poller->SetArmed(0);
  poller->listener_->OnReady(armed);
}

// Nothing else is due: no timer, no immediate, no handle to close.
bool PollLoop::WouldSleep() const {
  return uv_backend_timeout(static_cast<uv_loop_t*>(loop_)) != 0;
}

// A new set that the loop watches, in place of none or of the one before.
int PollLoop::Open() {
  if (loop_ == nullptr || drained_ != nullptr) return -ECANCELED;
  sys::ReadySet set;
  if (const int error = set.Open()) return error;
  auto* watcher = new Watcher{{}, this};
  int error = uv_poll_init(static_cast<uv_loop_t*>(loop_), &watcher->uv, set.fd());
  if (error < 0) {
    delete watcher;
    return error;
  }
  watcher->uv.data = watcher;
  handles_++;
  error = uv_poll_start(&watcher->uv, UV_READABLE, Watcher::OnPoll);
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

// A descriptor that was closed by its number, behind our back, while another process or number has
// the same socket, stays in the set, and there is no way left to name it. All others go into a new
// one.
void PollLoop::Rebuild() {
  if (Open() < 0) return;
  std::vector<uint64_t> lost;
  for (size_t fd = 0; fd < slots_.size(); fd++) {
    const Slot& slot = slots_[fd];
    if (slot.poller == nullptr || slot.poller->rests_) continue;
    const uint64_t key = uint64_t{slot.generation} << 32 | fd;
    if (set_.Watch(static_cast<int>(fd), 0, slot.poller->armed_, key) < 0) lost.push_back(key);
  }
  for (const uint64_t key : lost) {
    if (Poller* poller = Find(key)) Lose(poller, key);
  }
}

void PollLoop::Release(Watcher* watcher) {
  uv_poll_stop(&watcher->uv);
  uv_close(reinterpret_cast<uv_handle_t*>(&watcher->uv), Watcher::OnClose);
}

void PollLoop::Shutdown(Drained drained, void* data) {
  drained_ = drained;
  data_ = data;
  if (watcher_ != nullptr) Release(watcher_);
  watcher_ = nullptr;
  if (vigil_ != nullptr) {
    for (uv_handle_t* handle : vigil_->both()) uv_close(handle, Vigil::OnClose);
    vigil_ = nullptr;
  }
  if (handles_ == 0) drained_(data_);
}

void PollLoop::Released() {
  handles_--;
  if (handles_ == 0 && drained_ != nullptr) drained_(data_);
}

void PollLoop::Hold(int change) {
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
    // Somebody closed its descriptor by the number, which is another's by now.
    if (slot.poller != nullptr) {
      slot.poller->watched_ = 0;
      slot.poller->rests_ = false;
      slot.poller->SetArmed(0);
    }
    slot = {poller, slot.generation + 1};
  }
  const uint64_t key = uint64_t{slot.generation} << 32 | static_cast<uint32_t>(fd);
  const bool rests = poller->rests_;
  const int result = rests ? 0 : set_.Watch(fd, poller->watched_, events, key);
  if (result < 0 && events != 0 && poller->watched_ != 0) return result;  // it has what it had
  poller->watched_ = rests || result < 0 ? 0 : events;
  if (result < 0 || events == 0) {
    slot.poller = nullptr;
    poller->rests_ = false;
  } else if (poller->armed_ == 0 && KeepVigil()) {
    changed_.push_back(key);
  }
  return result;
}

Poller* PollLoop::Find(uint64_t key) const {
  const auto fd = static_cast<uint32_t>(key);
  if (fd >= slots_.size() || slots_[fd].generation != key >> 32) return nullptr;
  return slots_[fd].poller;
}

// After what was ready has been handled, before going back to the loop, the peers get their turn:
// those on this processor may have answered by then, which costs neither side a sleep, a wake-up
// and a turn of the loop.
void PollLoop::OnReady() {
  constexpr unsigned kGuesses = 32;
  Yield::Turn turn;
  handling_ = true;
  bool came = (favourite_ && guesses_ < kGuesses && Guess()) || Collect();
  for (unsigned paid = 0; came && WouldSleep() && yield_.Try(&turn); paid++) {
    if (paid == Poller::kBeforeRest && favourite_) Rest(Find(alone_));
    came = Ask();
    if (!came) {
      // The peer may have been about to yield as well: woken by what we sent, it had its turn at
      // once.
      yield_.Once();
      came = Ask();
    }
    yield_.Note(came);
  }
  handling_ = false;
  Resume();
  // If the loop slept now, both sides would be woken again from then on.
  yields_ = came && turn.over() && KeepVigil();
}

// While its peer and it take turns, nobody has to be woken by what comes: out of the set, it costs
// the peer neither this set nor the loop's.
void PollLoop::Rest(Poller* poller) {
  if (poller == nullptr || poller->watched_ == 0 || (!handling_ && !KeepVigil())) return;
  const auto fd = static_cast<uint32_t>(poller->fd_);
  const uint64_t key = uint64_t{slots_[fd].generation} << 32 | fd;
  if (set_.Watch(poller->fd_, poller->watched_, 0, key) < 0) return;
  poller->watched_ = 0;
  poller->rests_ = true;
  resting_.push_back(key);
  if (!handling_) vigil_->StayUp();
}

void PollLoop::Resume() {
  // By index: whoever is told that it was lost may have another one rest.
  for (size_t i = 0; i < resting_.size(); i++) {
    const uint64_t key = resting_[i];
    Poller* poller = Find(key);
    if (poller == nullptr || !std::exchange(poller->rests_, false)) continue;
    if (set_.Watch(poller->fd_, 0, poller->armed_, key) == 0) {
      poller->watched_ = poller->armed_;
    } else {
      Lose(poller, key);
    }
  }
  resting_.clear();
}

bool PollLoop::Guess() {
  guesses_++;
  Poller* poller = Find(alone_);
  return poller != nullptr && (poller->armed_ & kReadable) != 0 && poller->listener_->OnGuess();
}

bool PollLoop::Ask() { return favourite_ ? Guess() : Collect(); }

bool PollLoop::Collect() {
  sys::Ready ready[64];
  bool unknown = false;
  guesses_ = 0;
  const int count = set_.Collect(ready, static_cast<int>(std::size(ready)));
  for (int i = 0; i < count; i++) unknown = unknown || Find(ready[i].key) == nullptr;
  for (int i = 0; i < count; i++) {
    Poller* poller = Find(ready[i].key);  // one before it may have closed it
    const int events = poller == nullptr ? 0 : ready[i].events & poller->armed_;
    if (events != 0) poller->listener_->OnReady(events);
  }
  favourite_ = count == 1 && alone_ == ready[0].key;
  alone_ = count == 1 ? ready[0].key : 0;
  if (unknown) Rebuild();
  return count > 0;
}

int Poller::Arm(int fd, int events) {
  if (events == armed_) return 0;
  fd_ = fd;
  const int result = loop_->Watch(this, fd, events);
  if (result == 0) {
    SetArmed(events);
  } else if (watched_ == 0) {
    SetArmed(0);
  }
  return result;
}

void Poller::SetArmed(int events) {
  armed_ = events;
  Settle();
}

void Poller::SetReference(bool referenced) {
  referenced_ = referenced;
  Settle();
}

void Poller::Settle() {
  const bool holding = referenced_ && armed_ != 0;
  if (holding == holding_) return;
  holding_ = holding;
  loop_->Hold(holding ? 1 : -1);
}

void Poller::Close() {
  if (armed_ != 0) Arm(fd_, 0);
}

}  // namespace afunix
