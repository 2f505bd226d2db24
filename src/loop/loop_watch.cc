#include "loop_watch.h"

#include <utility>

namespace afunix {

int LoopWatch::Watch(int set) {
  auto* poll = new Poll(loop_);
  int error = uv_poll_init(poll->uv_loop(), &poll->uv, set);
  if (error < 0) {
    delete poll;
    return error;
  }
  poll->uv.data = poll;
  error = uv_poll_start(&poll->uv, UV_READABLE, OnPoll);
  if (error < 0) {
    poll->Close();
    return error;
  }
  ReleasePoll();
  poll_ = poll;
  return 0;
}

void LoopWatch::OnPoll(uv_poll_t* uv, int status, int) {
  PollLoop* loop = static_cast<Poll*>(uv->data)->loop;
  if (status < 0) return loop->Rebuild();
  loop->Collect();
  while (loop->DeliverNext()) continue;
}

void LoopWatch::SetReference(bool referenced) {
  if (poll_ == nullptr) return;
  if (referenced) {
    uv_ref(poll_->handle());
  } else {
    uv_unref(poll_->handle());
  }
}

void LoopWatch::ReleasePoll() {
  if (poll_ == nullptr) return;
  uv_poll_stop(&poll_->uv);
  std::exchange(poll_, nullptr)->Close();
}

void LoopWatch::Release() {
  ReleasePoll();
  delete this;
}

}  // namespace afunix
