#include "wait_set.h"

#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/epoll.h>
#else
#include <sys/event.h>
#endif

#include <cerrno>

#include "calls.h"
#include "retry.h"

namespace afunix::sys {

namespace {

int Pipe(UniqueFd* reading, UniqueFd* writing) {
  int fds[2];
#ifdef __linux__
  const int error = Retry([&] { return ::pipe2(fds, O_CLOEXEC); });
#else
  const int error = Retry([&] { return ::pipe(fds); });
#endif
  if (error < 0) return error;
  reading->Reset(fds[0]);
  writing->Reset(fds[1]);
#ifndef __linux__
  for (const int fd : fds) {
    if (const int failed = SetCloseOnExec(fd)) return failed;
  }
#endif
  return 0;
}

#ifdef __linux__

int OpenSet() {
  return Retry([] { return ::epoll_create1(EPOLL_CLOEXEC); });
}

int Add(int set, int fd, bool once) {
  epoll_event event = {};
  event.events = once ? EPOLLIN | EPOLLONESHOT : EPOLLIN;
  event.data.fd = fd;
  const int error = Retry([&] { return ::epoll_ctl(set, EPOLL_CTL_MOD, fd, &event); });
  return error == -ENOENT ? Retry([&] { return ::epoll_ctl(set, EPOLL_CTL_ADD, fd, &event); })
                          : error;
}

int WaitForOne(int set) {
  epoll_event event;
  const int count = Retry([&] { return ::epoll_wait(set, &event, 1, -1); });
  return count < 0 ? count : event.data.fd;
}

#else

int OpenSet() {
  const int fd = Retry([] { return ::kqueue(); });
  return fd < 0 ? fd : SetCloseOnExec(fd) < 0 ? -EBADF : fd;
}

int Add(int set, int fd, bool once) {
  struct kevent change;
  const auto flags = static_cast<uint16_t>(once ? EV_ADD | EV_ENABLE | EV_DISPATCH : EV_ADD);
  EV_SET(&change, static_cast<uintptr_t>(fd), EVFILT_READ, flags, 0, 0, nullptr);
  return Retry([&] { return ::kevent(set, &change, 1, nullptr, 0, nullptr); });
}

int WaitForOne(int set) {
  struct kevent event;
  const int count = Retry([&] { return ::kevent(set, nullptr, 0, &event, 1, nullptr); });
  return count < 0 ? count : static_cast<int>(event.ident);
}

#endif

}  // namespace

int WaitSet::Open(int least) {
  const int fd = OpenSet();
  if (fd < 0) return fd;
  set_.Reset(fd);
  int error = Pipe(&stopped_, &stop_);
  for (UniqueFd* each : {&set_, &stopped_, &stop_}) {
    if (error == 0) MoveAbove(each, least);
  }
  if (error == 0) error = Add(set_.get(), stopped_.get(), false);
  return error;
}

int WaitSet::Watch(int fd) { return Add(set_.get(), fd, true); }

bool WaitSet::Wait() {
  int fd;
  // EBADF, EINVAL: somebody closed the set by its number. Nobody else would wait again after
  // another error.
  do {
    fd = WaitForOne(set_.get());
  } while (fd < 0 && fd != -EBADF && fd != -EINVAL);
  return fd >= 0 && fd != stopped_.get();
}

}  // namespace afunix::sys
