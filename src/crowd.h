// Who else wants this thread's processor: learned by all sockets of an environment together, for
// their yields (yield.h).
#pragma once

#include <algorithm>
#include <cstdint>

#include "sys/run_delay.h"

namespace afunix {

// Times are nanoseconds of CLOCK_MONOTONIC.
class Crowd {
 public:
  // Whether yields pause.
  bool IsNear(uint64_t now) {
    if (now < until_) return true;
    if (pausing_) {
      EndPause(now);
    } else if (now - sampled_ > kLongestSample) {
      Restart(now, sys::RunDelay());
    } else if (now - sampled_ > kSample) {
      EndSample(now);
    }
    return pausing_;
  }

  void Yielded(uint64_t before, uint64_t after) {
    yielded_ += after - before;
    if (after - before > kLongestAnswer) Met(before, after);
  }

 private:
  // A peer that takes longer for its turn gains nothing worth having from ours.
  static constexpr uint64_t kLongestAnswer = 500'000;
  static constexpr uint64_t kSample = 5'000'000;
  // Of a time in which nobody asked, because there was nothing to yield for, nothing is concluded.
  static constexpr uint64_t kLongestSample = 4 * kSample;
  static constexpr double kMuch = 0.25;
  static constexpr uint64_t kShortest = 2'000'000;
  static constexpr uint64_t kLongest = 20'000'000'000;

  // A yield took so long that it was not the peer who ran, or that it does not matter. Now and then
  // that may be anything, the peer's garbage collector even. Where it takes a large part of the
  // time somebody is there to stay.
  void Met(uint64_t began, uint64_t now) {
    const bool stays = (now - began) * 8 > began - until_;
    pause_ = stays ? std::min(2 * pause_, kLongest) : kShortest;
    until_ = now;
    if (stays) Pause(now, pause_, sys::RunDelay());
  }

  // What a yield costs does not end with it: the scheduler puts who yields behind (since Linux 6.18
  // by a whole slice), and a peer that goes on without waiting for answers runs instead of it when
  // it is woken, too. It is so where this thread is ready and does not run, beyond its yields, for
  // far more of the time than in a pause. Who takes turns with its peer waits in its yields, and
  // without them no less.
  void EndSample(uint64_t now) {
    const uint64_t delay = sys::RunDelay();
    const uint64_t waited = delay - delay_;
    const double late = waited < yielded_ ? 0 : Share(waited - yielded_, now);
    if (late > kMuch && late > 2 * late_in_pause_) {
      delays_ = std::min(4 * delays_, kLongest);
      Pause(now, delays_, delay);
    } else {
      delays_ = std::max(delays_ / 4, kShortest);
      Restart(now, delay);
    }
  }

  void EndPause(uint64_t now) {
    const uint64_t delay = sys::RunDelay();
    const bool known = now - until_ < kLongestSample;
    late_in_pause_ = known ? Share(delay - delay_, now) : 0;
    pausing_ = false;
    Restart(now, delay);
  }

  void Pause(uint64_t now, uint64_t length, uint64_t delay) {
    until_ = now + length;
    pausing_ = true;
    Restart(now, delay);
  }

  void Restart(uint64_t now, uint64_t delay) {
    sampled_ = now;
    delay_ = delay;
    yielded_ = 0;
  }

  double Share(uint64_t part, uint64_t now) const {
    return static_cast<double>(part) / static_cast<double>(now - sampled_);
  }

  uint64_t until_ = 0;  // when the last pause ended or will, or the last long yield did
  bool pausing_ = false;
  uint64_t pause_ = kShortest;   // after long yields
  uint64_t delays_ = kShortest;  // after being run late
  uint64_t sampled_ = 0;         // since when all of these are
  uint64_t delay_ = 0;           // sys::RunDelay() then
  uint64_t yielded_ = 0;         // nanoseconds
  double late_in_pause_ = 0;     // the share of the last one, 0 if not known
};

}  // namespace afunix
