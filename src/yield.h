// Lets the peer run before the loop is asked to wait for it. Two processes that talk to each other
// on one processor take turns anyway; going to sleep and being woken costs them several system
// calls and a turn of the loop each time, sched_yield(2) costs one. On a processor of its own the
// peer is not helped by it: what has not paid lately is left out. Where others want the processor
// too, who yields gives them a whole slice of it, and whoever does not wait for answers runs first
// from then on: that is left out for long.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace afunix {

// Who else wants this thread's processor: learned by all sockets of an environment together.
class Crowd {
 public:
  // Times are nanoseconds of CLOCK_MONOTONIC.
  bool IsNear(uint64_t now) const { return now < until_; }

  // A yield took so long that it was not the peer who ran, or that it does not matter. Now and then
  // that may be anything, the peer's garbage collector even. Where it takes a large part of the
  // time somebody is there to stay.
  void Met(uint64_t began, uint64_t now) {
    const bool stays = (now - began) * 8 > began - until_;
    pause_ = stays ? std::min(2 * pause_, kLongest) : kShortest;
    until_ = stays ? now + pause_ : now;
  }

  // What a yield costs does not end with it: the scheduler puts who yields behind, and a peer that
  // goes on without waiting for answers runs instead of it when it is woken, too. `much`: while it
  // yielded now and then, this thread was ready to run, and did not, for a large part of the time.
  void Delayed(bool much, uint64_t now) {
    if (much) {
      delays_ = std::min(4 * delays_, kLongest);
      until_ = now + delays_;
    } else {
      delays_ = kShortest;
    }
  }

 private:
  static constexpr uint64_t kShortest = 2'000'000;
  static constexpr uint64_t kLongest = 20'000'000'000;

  uint64_t until_ = 0;           // when the last pause ended or will, or the last long yield did
  uint64_t pause_ = kShortest;   // after long yields
  uint64_t delays_ = kShortest;  // after being run late
};

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
    if (!crowd_->IsNear(now) && now - sampled_ > kSample) Sample(now);
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
  // A peer that takes longer for its turn gains nothing worth having from ours.
  static constexpr uint64_t kLongestAnswer = 500'000;
  static constexpr uint64_t kSample = 5'000'000;  // nanoseconds; a sample takes some 5,000
  static constexpr unsigned kMostInATurn = 32;
  static constexpr unsigned kMost = 4096;

  void Once(uint64_t before) {
    ::sched_yield();
    const uint64_t after = Now();
    yielded_ += after - before;
    if (after - before > kLongestAnswer) crowd_->Met(before, after);
  }

  // Of a time without yields in it nothing is concluded.
  void Sample(uint64_t now) {
    const uint64_t waited = Waited();
    if (now - sampled_ < 4 * kSample && waited != 0 && waited_ != 0) {
      const uint64_t late = waited - waited_;
      crowd_->Delayed(late > yielded_ && (late - yielded_) * 2 > now - sampled_, now);
    }
    sampled_ = now;
    waited_ = waited;
    yielded_ = 0;
  }

  // How long this thread has been ready to run and did not, in nanoseconds: proc(5), the second
  // number of schedstat. 0 where that is not known.
  static uint64_t Waited() {
    const int fd = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    char text[64];
    const ssize_t length = ::read(fd, text, sizeof(text));
    ::close(fd);
    const char* end = text + std::max<ssize_t>(length, 0);
    const char* space = std::find<const char*>(text, end, ' ');
    uint64_t waited = 0;
    if (space != end) std::from_chars(space + 1, end, waited);
    return waited;
  }

  static uint64_t Now() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  Crowd* crowd_;
  uint64_t sampled_ = 0;
  uint64_t waited_ = 0;
  uint64_t yielded_ = 0;   // nanoseconds since then
  unsigned left_out_ = 8;  // a socket of a short life has nobody to wait for
  unsigned next_ = 1;
};

}  // namespace afunix
