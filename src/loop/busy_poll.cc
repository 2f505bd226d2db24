#include "busy_poll.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>

namespace afunix {

BusyPoll::BusyPoll(PollLoop* owner) : LoopHandle(owner) {
  uv_prepare_init(uv_loop(), &uv);
  uv_unref(handle());
  uv.data = this;
}

void BusyPoll::Start(Poller* poller, unsigned microseconds) {
  last_ = poller;
  until_ = std::max(until_, uv_hrtime() + uint64_t{1000} * microseconds);
  uv_prepare_start(&uv, OnPrepare);
}

void BusyPoll::OnPrepare(uv_prepare_t* prepare) {
  if (!static_cast<BusyPoll*>(prepare->data)->Run()) uv_prepare_stop(prepare);
}

bool BusyPoll::Run() {
  // Messages in a row that are served here, before the loop serves what else is ready.
  constexpr unsigned kMaxInARow = 16;
  unsigned count = 0;
  bool asks = true;  // the loop, after a look that found nothing
  for (;;) {
    const int timeout = uv_backend_timeout(uv_loop());
    if (timeout == 0) return true;
    if (count < kMaxInARow && last_ != nullptr && last_->DeliverIfReady()) {
      asks = ++count == kMaxInARow;
      continue;
    }
    // The loop's own descriptor is readable as soon as any that it watches is ready.
    pollfd loop = {uv_backend_fd(uv_loop()), POLLIN, 0};
    if (asks && ::poll(&loop, 1, 0) > 0) return true;
    const uint64_t now = uv_hrtime();
    if (now >= until_) return false;
    if (timeout > 0 && now - uv_now(uv_loop()) * 1000000 >= uint64_t{1000000} * timeout)
      return true;
    // On a shared processor the peer could not answer before the time is over.
    ::sched_yield();
    asks = true;
  }
}

}  // namespace afunix
