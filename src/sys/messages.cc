#include "messages.h"

#include <algorithm>

#include "platform.h"
#include "retry.h"

namespace afunix::sys {

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
  return Retry([&] { return ::sendmsg(fd, message, flags | kNoSignal); });
}

ssize_t ReceiveMessage(int fd, msghdr* message, int flags) {
  return Retry([&] { return ::recvmsg(fd, message, flags | kControlCloseOnExec); });
}

namespace {

constexpr unsigned kMaxMessages = 1024;  // UIO_MAXIOV; Linux takes no more at a time

}  // namespace

#ifdef __linux__

int SendMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxMessages);
  return Retry([&] { return ::sendmmsg(fd, messages, count, flags | kNoSignal); });
}

int ReceiveMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxMessages);
  return Retry(
      [&] { return ::recvmmsg(fd, messages, count, flags | kControlCloseOnExec, nullptr); });
}

#else

int SendMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxMessages);
  unsigned done = 0;
  for (; done < count; ++done) {
    const ssize_t sent = SendMessage(fd, &messages[done].msg_hdr, flags);
    if (sent < 0) return done == 0 ? static_cast<int>(sent) : static_cast<int>(done);
    messages[done].msg_len = static_cast<unsigned>(sent);
  }
  return static_cast<int>(done);
}

int ReceiveMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  count = std::min(count, kMaxMessages);
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
