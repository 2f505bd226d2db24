#include "ready_set.h"

#ifdef __linux__
#include <sys/epoll.h>
#else
#include <sys/event.h>

#include <ctime>
#endif

#include <algorithm>
#include <cerrno>

#include "calls.h"
#include "retry.h"

namespace afunix::sys {

namespace {

constexpr int kMaxReady = 64;

}  // namespace

#ifdef __linux__

int ReadySet::Open(int least) {
  const int fd = Retry([] { return ::epoll_create1(EPOLL_CLOEXEC); });
  if (fd < 0) return fd;
  fd_.Reset(fd);
  MoveAbove(&fd_, least);
  return 0;
}

int ReadySet::Watch(int fd, int before, int events, uint64_t key) {
  if (before == events) return 0;
  epoll_event event = {};
  if ((events & kReadable) != 0) event.events |= EPOLLIN;
  if ((events & kWritable) != 0) event.events |= EPOLLOUT;
  event.data.u64 = key;
  const auto control = [&](int operation) {
    const int error = Retry([&] { return ::epoll_ctl(fd_.get(), operation, fd, &event); });
    return error == -EAGAIN ? -ENOMEM : error;  // callers take EAGAIN for a socket that waits
  };
  // A descriptor that is watched for no event still reports errors, again and again.
  if (events == 0) return control(EPOLL_CTL_DEL);
  if (before != 0) return control(EPOLL_CTL_MOD);
  const int error = control(EPOLL_CTL_ADD);
  return error == -EEXIST ? control(EPOLL_CTL_MOD) : error;  // it could not be taken out before
}

int ReadySet::Collect(Ready* out, int most) {
  epoll_event events[kMaxReady];
  const int count =
      Retry([&] { return ::epoll_wait(fd_.get(), events, std::min(most, kMaxReady), 0); });
  for (int i = 0; i < count; i++) {
    const uint32_t came = events[i].events;
    out[i] = {events[i].data.u64, 0};
    if ((came & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) out[i].events |= kReadable;
    if ((came & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) out[i].events |= kWritable;
  }
  return count;
}

#else

int ReadySet::Open(int least) {
  const int fd = Retry([] { return ::kqueue(); });
  if (fd < 0) return fd;
  fd_.Reset(fd);
  MoveAbove(&fd_, least);
  return SetCloseOnExec(fd_.get());
}

int ReadySet::Watch(int fd, int before, int events, uint64_t key) {
  struct kevent changes[2];
  int count = 0;
  const auto change = [&](int event, int16_t filter) {
    if ((before & event) == (events & event)) return;
    const auto what = static_cast<uint16_t>((events & event) != 0 ? EV_ADD : EV_DELETE);
    EV_SET(&changes[count++], static_cast<uintptr_t>(fd), filter, what, 0, 0,
           reinterpret_cast<void*>(key));
  };
  change(kReadable, EVFILT_READ);
  change(kWritable, EVFILT_WRITE);
  return Retry([&] { return ::kevent(fd_.get(), changes, count, nullptr, 0, nullptr); });
}

int ReadySet::Collect(Ready* out, int most) {
  struct kevent events[kMaxReady];
  const timespec now = {};
  const int count = Retry(
      [&] { return ::kevent(fd_.get(), nullptr, 0, events, std::min(most, kMaxReady), &now); });
  for (int i = 0; i < count; i++) {
    const bool ended = (events[i].flags & (EV_EOF | EV_ERROR)) != 0;
    out[i].key = reinterpret_cast<uint64_t>(events[i].udata);
    out[i].events = ended                              ? kReadable | kWritable
                    : events[i].filter == EVFILT_WRITE ? kWritable
                                                       : kReadable;
  }
  return count;
}

#endif

}  // namespace afunix::sys
