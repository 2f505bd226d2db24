// Readiness of descriptors, told to callbacks. The only place that knows libuv (poller.cc): a
// second implementation, a thread of its own for runtimes without uv_poll_*, has to hold this
// interface.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <vector>

#include "sys/ready_set.h"
#include "yield.h"

namespace afunix {

using sys::kReadable;
using sys::kWritable;

class Poller;
struct Watcher;  // what the implementation needs to have the loop watch
struct Vigil;    // and to act before the loop sleeps

// The environment's event loop, as far as pollers need it: one descriptor for all of theirs.
class PollLoop {
 public:
  // Calls `drained(data)` once: when Shutdown() was called and the loop has let go of every handle.
  using Drained = void (*)(void* data);

  PollLoop(napi_env env, Crowd* crowd);
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void Shutdown(Drained drained, void* data);

  // Until that time has passed the loop, instead of sleeping, asks over and over whether anything
  // it waits for has come: to be woken costs more than the wait. Timers and all other descriptors
  // are served as ever.
  void StayAwake(unsigned microseconds);

 private:
  friend class Poller;
  friend struct Watcher;
  friend struct Vigil;

  // A descriptor's registration, at the descriptor's number.
  struct Slot {
    Poller* poller = nullptr;
    uint32_t generation = 0;  // tells its events from those of earlier ones with that number
  };

  int Open();
  void Rebuild();
  int Watch(Poller* poller, int fd, int events);
  Poller* Find(uint64_t key) const;
  void Hold(int change);
  // The loop says that some descriptor is ready.
  void OnReady();
  // Tells those that are ready. False if none was.
  bool Collect();
  // Asks the one that alone was ready the last times. False if nothing came there.
  bool Guess();
  bool Ask();
  // Takes it out of the set, until Resume(): before the loop sleeps.
  void Rest(Poller* poller);
  void Resume();
  // Has the loop call before it sleeps. False if it will not any more.
  bool KeepVigil();
  void DropDead();
  void Lose(Poller* poller, uint64_t key);
  bool WouldSleep() const;
  void Release(Watcher* watcher);
  void Released();

  void* loop_ = nullptr;
  sys::ReadySet set_;
  Watcher* watcher_ = nullptr;
  Vigil* vigil_ = nullptr;
  std::vector<Slot> slots_;
  std::vector<uint64_t> changed_;  // those that are watched anew since the loop slept
  Yield yield_;
  bool handling_ = false;          // what is ready
  bool yields_ = false;            // once more before the loop sleeps
  uint64_t alone_ = 0;             // the only one that was ready last time, 0 if there were others
  bool favourite_ = false;         // `alone_` was that twice
  unsigned guesses_ = 0;           // since all were asked
  std::vector<uint64_t> resting_;  // armed, and not in the set for now
  int holds_ = 0;                  // pollers that keep the loop alive
  int handles_ = 0;
  Drained drained_ = nullptr;
  void* data_ = nullptr;
};

// One descriptor's place in the loop. It costs nothing until Arm() is called first: most sockets of
// a short life never have to wait.
class Poller {
 public:
  class Listener {
   public:
    // `events`: those armed that came. An error or a hang-up comes as all that is armed: the
    // listener's own call on the descriptor tells which. May close the poller.
    virtual void OnReady(int events) = 0;
    // It may be readable, and is armed for that: whether anything was there. May close the poller.
    virtual bool OnGuess() = 0;

   protected:
    ~Listener() = default;
  };

  Poller(PollLoop* loop, Listener* listener) : loop_(loop), listener_(listener) {}
  ~Poller() { Close(); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Asks for exactly these events, level-triggered, from now on; 0: none. Returns 0 or -errno.
  // Every change costs one system call; asking for what is armed already costs none.
  int Arm(int fd, int events);
  int armed() const { return armed_; }

  // Yields that paid, before it is worth it: to leave the set and to come back are two system
  // calls.
  static constexpr unsigned kBeforeRest = 4;
  // Leaves what is armed out until the loop would sleep, or an event of the loop has been handled.
  void Rest() { loop_->Rest(this); }

  // Whether what is armed keeps the loop alive.
  void SetReference(bool referenced);

  // Before the descriptor is closed. No event comes after it.
  void Close();

 private:
  friend class PollLoop;
  void SetArmed(int events);
  void Settle();

  PollLoop* loop_;
  Listener* listener_;
  int fd_ = -1;
  int armed_ = 0;
  int watched_ = 0;  // what the set has: `armed_`, but while it rests
  bool rests_ = false;
  bool referenced_ = true;
  bool holding_ = false;
};

}  // namespace afunix
