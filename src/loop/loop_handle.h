// A handle of the loop. It is on the heap and apart from its PollLoop: libuv holds on to it until
// its close callback has run, and only then the PollLoop may go.
#pragma once

#include "libuv.h"
#include "poller.h"

namespace afunix {

template <typename Handle>
struct LoopHandle {
  explicit LoopHandle(PollLoop* owner) : loop(owner) { loop->Hold(); }
  virtual ~LoopHandle() { loop->Released(); }
  LoopHandle(const LoopHandle&) = delete;
  LoopHandle& operator=(const LoopHandle&) = delete;

  uv_loop_t* uv_loop() const { return static_cast<uv_loop_t*>(loop->loop_); }
  uv_handle_t* handle() { return reinterpret_cast<uv_handle_t*>(&uv); }

  // Deletes this, later. No callback but that one comes any more.
  void Close() {
    handle()->data = this;
    uv_close(handle(), [](uv_handle_t* closed) { delete static_cast<LoopHandle*>(closed->data); });
  }

  Handle uv = {};
  PollLoop* const loop;
};

}  // namespace afunix
