// Readiness of descriptors, delivered to callbacks. Only poller.cc knows libuv. Another
// implementation, such as a thread for runtimes without uv_poll_*, would have this interface too.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <vector>

#include "sys/ready_set.h"

namespace afunix {

using sys::kReadable;
using sys::kWritable;

class Poller;
struct LoopWatcher;  // the handle that watches the set
struct BusyPoll;     // the handle that polls before the loop sleeps

// The environment's event loop, as far as pollers need it: one descriptor for all of theirs.
class PollLoop {
 public:
  // Calls `drained(data)` once, when Shutdown() was called and the loop has let go of every handle.
  using Drained = void (*)(void* data);

  explicit PollLoop(napi_env env);
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void Shutdown(Drained drained, void* data);

 private:
  friend class Poller;
  friend struct LoopWatcher;
  friend struct BusyPoll;

  // A descriptor's registration, at the descriptor's number.
  struct Slot {
    Poller* poller = nullptr;
    uint32_t generation = 0;  // distinguishes it from earlier ones with that number
  };

  // Has the loop watch a new set, in place of none or of the one before.
  int Open();
  // Moves all registrations to a new set.
  void Rebuild();
  int Watch(Poller* poller, int fd, int events);
  // Returns the key by which the set names the poller at that number.
  uint64_t KeyOf(int fd) const;
  Poller* Find(uint64_t key) const;
  void AddHold(int change);
  // Delivers what is ready.
  void OnReady();
  // Delivers events to the poller of this key, if there is one that has them armed.
  void Serve(uint64_t key, int events);
  void StartBusyPoll(int fd, unsigned microseconds);
  // Takes a poller out, and delivers what it has armed: its listener's own call gets the error.
  void Orphan(Poller* poller, uint64_t key);
  void Release(LoopWatcher* watcher);
  void Released();

  void* loop_ = nullptr;
  sys::ReadySet set_;
  LoopWatcher* watcher_ = nullptr;
  BusyPoll* busy_ = nullptr;
  std::vector<Slot> slots_;
  int holds_ = 0;  // pollers that keep the loop alive
  int handles_ = 0;
  Drained drained_ = nullptr;
  void* data_ = nullptr;
};

// One descriptor's place in the loop. It costs nothing until the first Arm(): most short-lived
// sockets never wait.
class Poller {
 public:
  class Listener {
   public:
    // `events`: those of the armed ones that came. An error or a hang-up comes as all that are
    // armed, and the listener's own call on the descriptor gets the error. May close the poller.
    virtual void OnReady(int events) = 0;

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

  // Has the loop poll, this descriptor first, instead of sleep, until that time has passed. Timers
  // and all other descriptors are served meanwhile.
  void BusyPoll(unsigned microseconds);

  // Whether what is armed keeps the loop alive.
  void SetReference(bool referenced);

  // Must be called before the descriptor is closed. No event comes after it.
  void Close();

 private:
  friend class PollLoop;
  friend struct BusyPoll;
  void SetArmed(int events);
  void UpdateHold();

  PollLoop* loop_;
  Listener* listener_;
  int fd_ = -1;
  int armed_ = 0;
  bool referenced_ = true;
  bool holding_ = false;
};

}  // namespace afunix
