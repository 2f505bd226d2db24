#include "direct_watch.h"

#include <fcntl.h>

namespace afunix {

DirectWatch* DirectWatch::Open(PollLoop* loop, Poller* poller, int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) == 0) return nullptr;
  auto* watch = new DirectWatch(loop, poller);
  if (uv_poll_init(watch->uv_loop(), &watch->uv, fd) < 0) {
    delete watch;
    return nullptr;
  }
  uv_unref(watch->handle());  // the set's watch keeps the loop alive, for all
  watch->uv.data = watch;
  return watch;
}

void DirectWatch::Watch(bool readable) {
  if (readable == watches_) return;
  watches_ = readable;
  if (readable) {
    uv_poll_start(&uv, UV_READABLE, OnPoll);
  } else {
    uv_poll_stop(&uv);
  }
}

void DirectWatch::OnPoll(uv_poll_t* poll, int status, int) {
  auto* watch = static_cast<DirectWatch*>(poll->data);
  // An error of the socket: the receive gets it. libuv has stopped watching.
  if (status < 0) uv_poll_start(poll, UV_READABLE, OnPoll);
  watch->poller_->Deliver(kReadable);
}

void DirectWatch::Release() {
  uv_poll_stop(&uv);
  Close();
}

}  // namespace afunix
