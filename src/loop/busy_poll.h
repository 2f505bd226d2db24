// Polls before the loop sleeps (the option `busyPoll`).
#pragma once

#include <cstdint>

#include "loop_handle.h"

namespace afunix {

struct BusyPoll : LoopHandle<uv_prepare_t> {
  explicit BusyPoll(PollLoop* loop);

  // Polls from now on until so much time has passed, this poller's descriptor first.
  void Start(Poller* poller, unsigned microseconds);
  void Forget(const Poller* poller) {
    if (last_ == poller) last_ = nullptr;
  }

 private:
  static void OnPrepare(uv_prepare_t* prepare);
  // Polls until the loop has something to do, and returns true, or false when the time is over.
  bool Run();

  uint64_t until_ = 0;      // uv_hrtime()
  Poller* last_ = nullptr;  // the one that was served last
};

}  // namespace afunix
