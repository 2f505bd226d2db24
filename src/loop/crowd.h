// Who else wants this thread's processor: learned by all sockets of an environment together, for
// their yields (yield.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sys/run_delay.h"

namespace afunix {

// Times are nanoseconds of CLOCK_MONOTONIC.
class Crowd {
 public:
  // Whether yields pause.
  bool IsNear(uint64_t now) {
    if (pausing_) {
      if (!measured_ && now - sampled_ >= kEnough) Measure(now);
      if (now < until_) return true;
      pausing_ = false;
      Restart(now, sys::RunDelay::Read());
    } else if (now - sampled_ > kLongestSample) {
      Restart(now, sys::RunDelay::Read());
    } else if (now - sampled_ > kSample) {
      EndSample(now);
    }
    return pausing_;
  }

  // Something came or went: what all the yields are for.
  void Advance(size_t done) { progress_ += done; }

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
  static constexpr uint64_t kShortest = 2'000'000;
  static constexpr uint64_t kEnough = 4 * kShortest;  // of a pause, to learn something from
  static constexpr uint64_t kKnown = 1'000'000'000;
  static constexpr uint64_t kLongest = 20'000'000'000;

  // A yield took so long that it was not the peer who ran, or that it does not matter. Now and then
  // that may be anything, the peer's garbage collector even. Where it takes a large part of the
  // time somebody is there to stay.
  void Met(uint64_t began, uint64_t now) {
    const bool stays = (now - began) * 8 > began - until_;
    pause_ = stays ? std::min(2 * pause_, kLongest) : kShortest;
    until_ = now;
    if (stays) Pause(now, pause_, sys::RunDelay::Read());
  }

  // What a yield costs does not end with it: the scheduler puts who yields behind (since Linux 6.18
  // by a whole slice), and a peer that goes on without waiting for answers runs instead of it when
  // it is woken, too. It is so where this thread, beyond its yields, is ready and does not run for
  // much of the time, and each time for far longer than in a pause, and gets no more done. Who
  // takes turns with its peer waits for as long without yields; to wait for a whole batch pays.
  void EndSample(uint64_t now) {
    const sys::RunDelay delay = sys::RunDelay::Read();
    const uint64_t waited = delay.waited - delay_.waited;
    const bool late = waited > yielded_ && (waited - yielded_) * 4 > now - sampled_;
    const bool known = wait_in_pause_ > 0 && now - until_ < kKnown;
    const bool longer = WaitOfARun(delay) > 3 * wait_in_pause_;
    if (late && (!known || (longer && Rate(now) < 1.2 * rate_in_pause_))) {
      Pause(now, delays_, delay);
      // Longer only where it is the same right after this one: what was known may be of other
      // times, as when the peer paused.
      if (known) delays_ = std::min(4 * delays_, kLongest);
    } else {
      delays_ = std::max(delays_ / 4, kEnough);
      Restart(now, delay);
    }
  }

  // What it is like without yields.
  void Measure(uint64_t now) {
    const sys::RunDelay delay = sys::RunDelay::Read();
    measured_ = now - sampled_ < kLongestSample;
    if (!measured_) return Restart(now, delay);
    wait_in_pause_ = WaitOfARun(delay);
    rate_in_pause_ = Rate(now);
  }

  void Pause(uint64_t now, uint64_t length, const sys::RunDelay& delay) {
    until_ = now + length;
    pausing_ = true;
    measured_ = false;
    Restart(now, delay);
  }

  void Restart(uint64_t now, const sys::RunDelay& delay) {
    sampled_ = now;
    delay_ = delay;
    yielded_ = 0;
    progress_ = 0;
  }

  double Rate(uint64_t now) const {
    return static_cast<double>(progress_) / static_cast<double>(now - sampled_);
  }

  uint64_t WaitOfARun(const sys::RunDelay& delay) const {
    return (delay.waited - delay_.waited) / std::max<uint64_t>(delay.runs - delay_.runs, 1);
  }

  uint64_t until_ = 0;  // when the last pause ended or will, or the last long yield did
  bool pausing_ = false;
  bool measured_ = false;       // this pause
  uint64_t pause_ = kShortest;  // after long yields
  uint64_t delays_ = kEnough;   // after being run late
  uint64_t wait_in_pause_ = 0;  // nanoseconds; 0 if not known
  double rate_in_pause_ = 0;
  uint64_t sampled_ = 0;   // when the sample, or the pause, began
  sys::RunDelay delay_;    // then
  uint64_t yielded_ = 0;   // nanoseconds since then
  uint64_t progress_ = 0;  // bytes and messages since then
};

}  // namespace afunix
