#include "pidfd.h"

#include <cerrno>

#include "retry.h"

#ifdef __linux__
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Older headers lack them. Only alpha counts apart from there on.
#ifdef __alpha__
#define AFUNIX_SYSCALL(number) ((number) + 110)
#else
#define AFUNIX_SYSCALL(number) (number)
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal AFUNIX_SYSCALL(424)
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open AFUNIX_SYSCALL(434)
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd AFUNIX_SYSCALL(438)
#endif
#endif

namespace afunix::sys {

#ifdef __linux__

namespace {

// Runs a call that makes a descriptor.
template <typename Call>
int Make(UniqueFd* out, Call call) {
  const auto fd = static_cast<int>(Retry(call));
  if (fd < 0) return fd;
  out->Reset(fd);
  return 0;
}

}  // namespace

int OpenPidFd(int pid, UniqueFd* out) {
  return Make(out, [&] { return ::syscall(SYS_pidfd_open, pid, 0); });
}

int SignalPidFd(int pidfd, int signal) {
  return static_cast<int>(
      Retry([&] { return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0); }));
}

int GetPidFdDescriptor(int pidfd, int fd, UniqueFd* out) {
  return Make(out, [&] { return ::syscall(SYS_pidfd_getfd, pidfd, fd, 0); });
}

int GetPidFdInfo(int pidfd, unsigned char (*info)[kPidFdInfoSize]) {
  // The kernel's number has the size in it.
  constexpr unsigned long kGetInfo = _IOWR(0xff, 11, unsigned char[kPidFdInfoSize]);
  return Retry([&] { return ::ioctl(pidfd, kGetInfo, info); });
}

#else

int OpenPidFd(int, UniqueFd*) { return -ENOSYS; }
int SignalPidFd(int, int) { return -ENOSYS; }
int GetPidFdDescriptor(int, int, UniqueFd*) { return -ENOSYS; }
int GetPidFdInfo(int, unsigned char (*)[kPidFdInfoSize]) { return -ENOSYS; }

#endif

}  // namespace afunix::sys
