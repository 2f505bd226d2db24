// What poll(2) says of a descriptor now, without waiting.
#pragma once

namespace afunix::sys {

// Whether nothing will ever be received here again. Poll(2) calls it readable for ever, while
// recv(2) on a datagram socket says EAGAIN. False where the system does not tell (macOS).
bool IsShutForReading(int fd);
// Those of these events that are there now, with POLLERR and POLLHUP, or -errno: -EBADF if it is
// not open. Never waits.
int Poll(int fd, short events);
// 1 if one of these events is there now (POLLIN, POLLOUT), 0, or -errno: -EBADF if it is not open.
int IsReady(int fd, short events);
// 1 if what the socket has sent, and nobody has received, fills its send buffer, 0, or -errno.
// Poll(2) tells less: it wants three quarters of the buffer free.
int IsSendBufferFull(int fd);

}  // namespace afunix::sys
