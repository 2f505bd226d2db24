// Lets the peer run before the loop is asked to wait for it. Two processes that talk to each other
// on one processor take turns anyway; going to sleep and being woken costs them several system
// calls and a turn of the loop each time, sched_yield(2) costs one. On a processor of its own the
// peer is not helped by it: what has not paid lately is left out.
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

namespace afunix {

class Yield {
 public:
  // One callback of the loop, or one call of JavaScript: for how long it may go on yielding.
  class Turn {
    friend class Yield;
    unsigned count_ = 0;
    uint64_t began_ = 0;  // most never yield: 0 until one does
    uint64_t last_ = 0;
  };

  // False: left out. After it, whoever called tries again and says by Note() what that came to.
  bool Try(Turn* turn) {
    if (left_out_ > 0) {
      left_out_--;
      return false;
    }
    if (turn->began_ == 0) turn->began_ = turn->last_ = Now();
    if (++turn->count_ > kMostInATurn || turn->last_ - turn->began_ > kLong) return false;
    ::sched_yield();
    const uint64_t now = Now();
    took_ = now - turn->last_;
    turn->last_ = now;
    return true;
  }

  void Note(bool paid) {
    if (took_ > kLong) {
      // Somebody else wanted the processor, for longer than the peer would.
      left_out_ = next_ = std::min(std::max(next_, kMost) * 2 + 1, kMostAfterLong);
    } else if (paid) {
      next_ = 1;
    } else {
      left_out_ = next_;
      next_ = std::min(next_ * 2 + 1, kMost);
    }
  }

 private:
  static constexpr uint64_t kLong = 1'000'000;  // nanoseconds
  static constexpr unsigned kMostInATurn = 32;
  static constexpr unsigned kMost = 63;
  static constexpr unsigned kMostAfterLong = 4095;

  static uint64_t Now() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  uint64_t took_ = 0;      // the last yield, and what was done before it
  unsigned left_out_ = 8;  // a socket of a short life has nobody to wait for
  unsigned next_ = 1;
};

}  // namespace afunix
