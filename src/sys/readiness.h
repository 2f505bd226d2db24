// What poll(2) says of a descriptor now, without waiting.
#pragma once

namespace afunix::sys {

// Whether nothing will ever be received here again. poll(2) reports such a socket as readable for
// ever, while recv(2) on a datagram socket returns EAGAIN. False where there is no way to ask
// (macOS).
bool IsShutForReading(int fd);
// Returns those of `events` that are there now, with POLLERR and POLLHUP, or -errno: -EBADF if `fd`
// is not open. Never waits.
int Poll(int fd, short events);
// Returns 1 if one of `events` (POLLIN, POLLOUT) is there now, 0, or -errno: -EBADF if `fd` is not
// open.
int IsReady(int fd, short events);
// Returns 1 if the messages that the socket has sent, and nobody has received, fill its send
// buffer, 0, or -errno. poll(2) is no answer: it asks for three quarters of the buffer to be free.
int IsSendBufferFull(int fd);

}  // namespace afunix::sys
