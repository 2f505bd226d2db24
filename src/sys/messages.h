// Sending and receiving messages: one at a time, and many in one call. All return what the call
// returns, or -errno; EINTR is retried; SIGPIPE is never raised. O_NONBLOCK belongs to the open
// file, and any process that shares it can clear it: only MSG_DONTWAIT in `flags` keeps a call from
// waiting.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>

#include "address.h"
#include "ancillary.h"

#ifdef __linux__
// struct mmsghdr comes with sys/socket.h
#else
struct mmsghdr {
  struct msghdr msg_hdr;
  unsigned int msg_len;
};
#endif

namespace afunix::sys {

// The most buffers of a message, and messages of a call (UIO_MAXIOV).
constexpr unsigned kMaxVectors = 1024;

// One buffer; `to` may be null.
ssize_t Send(int fd, const void* data, size_t length, int flags, const Address* to);
ssize_t Receive(int fd, void* data, size_t length, int flags);

ssize_t SendMessage(int fd, const msghdr* message, int flags);

// recvmsg(2) with MSG_CMSG_CLOEXEC. Where that is missing, ParseControl sets close-on-exec.
ssize_t ReceiveMessage(int fd, msghdr* message, int flags);

// sendmmsg(2): the number of messages sent, at least 1, or -errno of the first one. Where the
// system has no such call (macOS), a loop. At most kMaxVectors messages a call.
int SendMany(int fd, mmsghdr* messages, unsigned count, int flags);

// recvmmsg(2), the same. Stops where a call would block; on a blocking socket only with
// MSG_DONTWAIT or MSG_WAITFORONE. Zero-length results are results: at the end of a stream or
// seqpacket connection the kernel reports one after the other.
int ReceiveMany(int fd, mmsghdr* messages, unsigned count, int flags);

}  // namespace afunix::sys
