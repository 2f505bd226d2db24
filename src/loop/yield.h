// Lets the peer run before the loop is asked to wait for it. Two processes that talk to each other
// on one processor take turns anyway; going to sleep and being woken costs them several system
// calls and a turn of the loop each time, sched_yield(2) costs one. On a processor of its own the
// peer is not helped by it: what has not paid lately is left out. Where others want the processor
// too, who yields gives them a whole slice of it, and whoever does not wait for answers runs first
// from then on: that is left out for long.
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "crowd.h"

namespace afunix {

class Yield {
 public:
  // One callback of the loop, or one call of JavaScript: for how long it may go on yielding.
  class Turn {
   public:
    // It has had all it may.
    bool over() const { return over_; }

   private:
    friend class Yield;
    unsigned count_ = 0;
    uint64_t began_ = 0;  // most never yield: 0 until one does
    bool over_ = false;
  };

  explicit Yield(Crowd* crowd) : crowd_(crowd) {}

  // False: left out. After it, whoever called tries again and says by Note() what that came to.
  bool Try(Turn* turn) {
    if (left_out_ > 0) {
      left_out_--;
      return false;
    }
    const uint64_t now = Now();
    if (turn->began_ == 0) turn->began_ = now;
    if (crowd_->IsNear(now)) return false;
    turn->over_ = ++turn->count_ > kMostInATurn || now - turn->began_ > kLongestTurn;
    if (turn->over_) return false;
    Once(now);
    return true;
  }

  void Once() { Once(Now()); }

  void Note(bool paid) {
    // It must pay three times of four: to yield is to be run later, also when woken later on.
    if (paid) {
      next_ = std::max(next_ / 2, 1u);
    } else {
      left_out_ = next_;
      next_ = std::min(next_ * 8, kMost);
    }
  }

 private:
  static constexpr uint64_t kLongestTurn = 1'000'000;  // nanoseconds
  static constexpr unsigned kMostInATurn = 32;
  static constexpr unsigned kMost = 4096;

  void Once(uint64_t before) {
    ::sched_yield();
    crowd_->Yielded(before, Now());
  }

  static uint64_t Now() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  Crowd* crowd_;
  unsigned left_out_ = 8;  // a socket of a short life has nobody to wait for
  unsigned next_ = 1;
};

}  // namespace afunix
