#include "readiness.h"

#include <poll.h>

#include <cerrno>

#include "calls.h"
#include "platform.h"
#include "retry.h"

namespace afunix::sys {

bool IsShutForReading(int fd) {
#ifdef POLLRDHUP
  pollfd ask = {fd, POLLRDHUP, 0};
  return Retry([&] { return ::poll(&ask, 1, 0); }) == 1 && (ask.revents & POLLRDHUP) != 0;
#else
  (void)fd;
  return false;
#endif
}

int Poll(int fd, short events) {
  pollfd ask = {fd, events, 0};
  const int result = Retry([&] { return ::poll(&ask, 1, 0); });
  if (result < 0) return result;
  return (ask.revents & POLLNVAL) != 0 ? -EBADF : ask.revents;
}

int IsReady(int fd, short events) {
  const int found = Poll(fd, events);
  return found < 0 ? found : (found & events) != 0;
}

int IsSendBufferFull(int fd) {
  const int writable = IsReady(fd, POLLOUT);
  if (writable != 0) return writable < 0 ? writable : 0;
#ifdef __linux__
  // sock_alloc_send_pskb() of the kernel lets a message of any size in while there is any room.
  int queued = 0, room = 0;
  int error = Ioctl(fd, SIOCOUTQ, &queued);
  if (error == 0) error = GetIntOption(fd, SOL_SOCKET, SO_SNDBUF, &room);
  return error < 0 ? error : queued >= room ? 1 : 0;
#else
  return 1;
#endif
}

}  // namespace afunix::sys
