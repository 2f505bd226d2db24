// A uv_poll_t of a descriptor's own. It tells which descriptor is readable without the system call
// that asks the shared set. libuv ends the process if a descriptor that it watches is closed by its
// number, so this is only for one whose number no program knows.
#pragma once

#include "loop_handle.h"

namespace afunix {

struct DirectWatch : LoopHandle<uv_poll_t> {
  // Returns nullptr if libuv refuses, or if the file is blocking: libuv would make it non-blocking,
  // for every process that shares it.
  static DirectWatch* Open(PollLoop* loop, Poller* poller, int fd);

  // Watches for readable, level-triggered, or no longer.
  void Watch(bool readable);
  bool watches() const { return watches_; }
  // Stops at once, and deletes this later.
  void Release();

 private:
  DirectWatch(PollLoop* loop, Poller* poller) : LoopHandle(loop), poller_(poller) {}
  static void OnPoll(uv_poll_t* poll, int status, int events);

  Poller* poller_;
  bool watches_ = false;
};

}  // namespace afunix
