#include "messages.h"

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>

#include "platform.h"
#include "retry.h"

namespace afunix::sys {

namespace {

#if defined(__linux__) && !defined(__GLIBC__)

// musl's copy a message to clear its padding. They have room for a kilobyte of control messages
// (ENOMEM: 253 descriptors and credentials are more), and send many one by one. What comes here has
// its padding cleared.

ssize_t CallSendmsg(int fd, const msghdr* message, int flags) {
  return ::syscall(SYS_sendmsg, fd, message, flags);
}

int CallSendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return static_cast<int>(::syscall(SYS_sendmmsg, fd, messages, count, flags));
}

#else

ssize_t CallSendmsg(int fd, const msghdr* message, int flags) {
  return ::sendmsg(fd, message, flags);
}

#ifdef __linux__
int CallSendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  return ::sendmmsg(fd, messages, count, flags);
}
#endif

#endif

}  // namespace

ssize_t Send(int fd, const void* data, size_t length, int flags, const Address* to) {
  const sockaddr* address = to == nullptr ? nullptr : to->get();
  const socklen_t address_length = to == nullptr ? 0 : to->length();
  return Retry(
      [&] { return ::sendto(fd, data, length, flags | kNoSignal, address, address_length); });
}

ssize_t Receive(int fd, void* data, size_t length, int flags) {
  return Retry([&] { return ::recv(fd, data, length, flags); });
}

ssize_t SendMessage(int fd, const msghdr* message, int flags) {
  return Retry([&] { return CallSendmsg(fd, message, flags | kNoSignal); });
}

ssize_t ReceiveMessage(int fd, msghdr* message, int flags) {
  return Retry([&] { return ::recvmsg(fd, message, flags | kControlCloseOnExec); });
}

#ifdef __linux__

int SendMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxVectors);
  return Retry([&] { return CallSendmmsg(fd, messages, count, flags | kNoSignal); });
}

int ReceiveMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxVectors);
  return Retry(
      [&] { return ::recvmmsg(fd, messages, count, flags | kControlCloseOnExec, nullptr); });
}

#else

int SendMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxVectors);
  unsigned done = 0;
  for (; done < count; ++done) {
    const ssize_t sent = SendMessage(fd, &messages[done].msg_hdr, flags);
    if (sent < 0) return done == 0 ? static_cast<int>(sent) : static_cast<int>(done);
    messages[done].msg_len = static_cast<unsigned>(sent);
  }
  return static_cast<int>(done);
}

int ReceiveMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxVectors);
  unsigned done = 0;
  for (; done < count; ++done) {
    // Only the first may wait.
    const int wait = done == 0 ? 0 : MSG_DONTWAIT;
    const ssize_t got = ReceiveMessage(fd, &messages[done].msg_hdr, flags | wait);
    if (got < 0) return done == 0 ? static_cast<int>(got) : static_cast<int>(done);
    messages[done].msg_len = static_cast<unsigned>(got);
  }
  return static_cast<int>(done);
}

#endif

}  // namespace afunix::sys
