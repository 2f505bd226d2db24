// One watch of the environment's own loop for all descriptors: workers have loops of their own. It
// watches a ReadySet, which has the descriptors. A uv_poll_t for each costs seven system calls for
// a descriptor, and saves one each time that it is ready. So it is for those that are ready often
// (DirectWatch).
#include "poller.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "busy_poll.h"
#include "direct_watch.h"
#include "libuv.h"
#include "loop_watch.h"
#include "thread_watch.h"

namespace afunix {

namespace {

// How often a descriptor must have been readable before it gets a watch of its own.
constexpr unsigned kOften = 16;

}  // namespace

PollLoop::PollLoop(napi_env env) : env_(env), loop_(LibuvLoopOf(env)) {}

PollLoop::~PollLoop() {
  if (watch_ != nullptr) watch_->Release();
}

int PollLoop::Open() {
  if (drained_ != nullptr) return -ECANCELED;
  sys::ReadySet set;
  if (const int error = set.Open(above_)) return error;
  if (watch_ == nullptr && is_libuv()) watch_ = new LoopWatch(this);
  if (watch_ == nullptr) watch_ = ThreadWatch::Start(this, env_, set_immediate_, above_);
  if (watch_ == nullptr) return -ENOMEM;
  if (const int error = watch_->Watch(set.fd())) return error;
  set_ = std::move(set);
  watch_->SetReference(holds_ > 0);
  return 0;
}

// A descriptor that a program closed by its number stays in the set if another descriptor, here or
// in another process, refers to the same socket. epoll_ctl(2) cannot name it any more, so all
// others move to a new set.
void PollLoop::Rebuild() {
  if (Open() < 0) return;
  sys::Array<uint64_t> lost;
  for (size_t fd = 0; fd < slots_.size(); fd++) {
    const Slot& slot = slots_[fd];
    if (slot.poller == nullptr) continue;
    const uint64_t key = KeyOf(static_cast<int>(fd));
    if (set_.Watch(static_cast<int>(fd), 0, slot.poller->in_set_, key) < 0) lost.push_back(key);
  }
  for (const uint64_t key : lost) {
    if (Poller* poller = Find(key)) Orphan(poller);
  }
}

void PollLoop::Orphan(Poller* poller) {
  const int armed = poller->armed();
  slots_[static_cast<size_t>(poller->fd_)].poller = nullptr;
  poller->in_set_ = 0;
  poller->UpdateHold();
  poller->listener_->OnReady(armed);
}

void PollLoop::Shutdown(Drained drained, void* data) {
  drained_ = drained;
  data_ = data;
  while (!direct_.empty()) direct_.back()->ReleaseDirect();
  if (watch_ != nullptr) std::exchange(watch_, nullptr)->Release();
  if (busy_ != nullptr) std::exchange(busy_, nullptr)->Close();
  if (handles_ == 0) drained_(data_);
}

void PollLoop::Released() {
  handles_--;
  if (handles_ == 0 && drained_ != nullptr) drained_(data_);
}

void PollLoop::AddHold(int change) {
  const int before = holds_;
  holds_ += change;
  if (watch_ != nullptr && (before == 0 || holds_ == 0)) watch_->SetReference(holds_ > 0);
}

int PollLoop::Watch(Poller* poller, int fd, int events) {
  if (set_.fd() < 0) {
    if (const int error = Open()) return error;
  }
  if (static_cast<size_t>(fd) >= slots_.size()) slots_.resize(static_cast<size_t>(fd) + 1);
  Slot& slot = slots_[static_cast<size_t>(fd)];
  if (slot.poller != poller) {
    // The former poller's descriptor was closed by its number, which means another socket now.
    if (slot.poller != nullptr) {
      slot.poller->in_set_ = 0;
      slot.poller->UpdateHold();
    }
    slot = {poller, ++generation_};
  }
  const int result = set_.Watch(fd, poller->in_set_, events, KeyOf(fd));
  if (result < 0 && events != 0 && poller->in_set_ != 0) return result;  // the set has what it had
  poller->in_set_ = result < 0 ? 0 : events;
  if (poller->in_set_ == 0) slot.poller = nullptr;
  return result;
}

uint64_t PollLoop::KeyOf(int fd) const {
  return uint64_t{slots_[static_cast<size_t>(fd)].generation} << 32 | static_cast<uint32_t>(fd);
}

Poller* PollLoop::Find(uint64_t key) const {
  const auto fd = static_cast<uint32_t>(key);
  if (fd >= slots_.size() || slots_[fd].generation != key >> 32) return nullptr;
  return slots_[fd].poller;
}

void PollLoop::Collect() {
  next_ = 0;
  count_ = set_.Collect(ready_, static_cast<int>(std::size(ready_)));
  for (int i = 0; i < count_; i++) unknown_ = unknown_ || Find(ready_[i].key) == nullptr;
}

bool PollLoop::DeliverNext() {
  while (next_ < count_) {
    const sys::Ready ready = ready_[next_++];
    Poller* poller = Find(ready.key);  // an earlier listener may have closed it
    if (poller == nullptr) continue;
    poller->Deliver(ready.events);
    return true;
  }
  if (std::exchange(unknown_, false)) Rebuild();
  return false;
}

void PollLoop::StartBusyPoll(Poller* poller, unsigned microseconds) {
  if (busy_ == nullptr) {
    if (!is_libuv() || drained_ != nullptr) return;
    busy_ = new BusyPoll(this);
  }
  busy_->Start(poller, microseconds);
}

void PollLoop::Forget(const Poller* poller) {
  if (busy_ != nullptr) busy_->Forget(poller);
}

int Poller::armed() const {
  return in_set_ | (direct_ != nullptr && direct_->watches() ? kReadable : 0);
}

int Poller::Arm(int fd, int events) {
  if (events == armed()) return 0;
  int in_set = events;
  fd_ = fd;
  loop_->above_ = std::max(loop_->above_, fd + 1);
  if (direct_ != nullptr) {
    // libuv takes two system calls for every change, the set one: it watches for writable.
    direct_->Watch((events & kReadable) != 0);
    in_set &= ~kReadable;
  }
  const int result = in_set == in_set_ ? 0 : loop_->Watch(this, fd_, in_set);
  UpdateHold();
  return result;
}

void Poller::Deliver(int events) {
  events &= armed();
  if (events != 0) listener_->OnReady(events);
}

void Poller::CountReady() {
  if (!loop_->is_libuv() || direct_ != nullptr || ++times_ready_ % kOften != 0) return;
  DirectWatch* direct = DirectWatch::Open(loop_, this, fd_);
  if (direct == nullptr) return;
  const int events = armed();
  loop_->direct_.push_back(this);
  direct_ = direct;
  direct_->Watch((events & kReadable) != 0);
  loop_->Watch(this, fd_, events & ~kReadable);
}

int Poller::StayInSet() {
  if (direct_ == nullptr) return 0;
  const int events = armed();
  ReleaseDirect();
  return Arm(fd_, events);
}

void Poller::ReleaseDirect() {
  if (direct_ == nullptr) return;
  auto& all = loop_->direct_;
  all.erase(std::find(all.begin(), all.end(), this));
  std::exchange(direct_, nullptr)->Release();
  UpdateHold();
}

void Poller::SetReference(bool referenced) {
  referenced_ = referenced;
  UpdateHold();
}

void Poller::UpdateHold() {
  const bool holding = referenced_ && armed() != 0;
  if (holding == holding_) return;
  holding_ = holding;
  loop_->AddHold(holding ? 1 : -1);
}

void Poller::BusyPoll(unsigned microseconds) {
  if (armed() != 0) loop_->StartBusyPoll(this, microseconds);
}

void Poller::Close() {
  if (fd_ < 0) return;
  Arm(fd_, 0);
  ReleaseDirect();
  loop_->Forget(this);
  fd_ = -1;
}

}  // namespace afunix
