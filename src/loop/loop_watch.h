// Waits for the shared set by a uv_poll_t of the environment's own loop.
#pragma once

#include "loop_handle.h"
#include "set_watch.h"

namespace afunix {

class LoopWatch final : public SetWatch {
 public:
  explicit LoopWatch(PollLoop* loop) : loop_(loop) {}

  int Watch(int set) override;
  void SetReference(bool referenced) override;
  void Release() override;

 private:
  using Poll = LoopHandle<uv_poll_t>;

  static void OnPoll(uv_poll_t* uv, int status, int events);
  void ReleasePoll();

  PollLoop* const loop_;
  Poll* poll_ = nullptr;
};

}  // namespace afunix
