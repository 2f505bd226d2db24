// Readiness of descriptors, delivered to callbacks. Only this folder knows libuv, and the thread
// that waits where there is no loop of libuv's.
#pragma once

#include <node_api.h>

#include <cstdint>

#include "sys/array.h"
#include "sys/ready_set.h"

namespace afunix {

using sys::kReadable;
using sys::kWritable;

class Poller;
struct BusyPoll;
struct DirectWatch;
class SetWatch;
template <typename Handle>
struct LoopHandle;

// The environment's event loop, as far as pollers need it: one descriptor for all of theirs, but
// for some that are ready often.
class PollLoop {
 public:
  // Calls `drained(data)` once, when Shutdown() was called and the loop has let go of every handle.
  using Drained = void (*)(void* data);

  explicit PollLoop(napi_env env);
  ~PollLoop();
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void Shutdown(Drained drained, void* data);
  // Whether it is libuv's, which lets go of a handle only in a turn.
  bool is_libuv() const { return loop_ != nullptr; }
  // JavaScript's function of that name, for an environment without libuv's loop.
  void set_immediate(napi_ref function) { set_immediate_ = function; }

  // For the SetWatch, when the set is ready. Finds out which descriptors are.
  void Collect();
  // Delivers the next of these. Returns false if there was none left.
  bool DeliverNext();
  // Moves all registrations to a new set.
  void Rebuild();

 private:
  friend class Poller;
  template <typename Handle>
  friend struct LoopHandle;

  // A descriptor's registration in the set, at the descriptor's number.
  struct Slot {
    Poller* poller = nullptr;
    uint32_t generation = 0;  // distinguishes it from earlier ones with that number
  };

  // Has the loop watch a new set, in place of none or of the one before.
  int Open();
  // Registers the poller in the set for these events in place of those before.
  int Watch(Poller* poller, int fd, int events);
  // Returns the key by which the set names the poller at that number.
  uint64_t KeyOf(int fd) const;
  Poller* Find(uint64_t key) const;
  void AddHold(int change);
  // Takes a poller out, and delivers what it has armed: its listener's own call gets the error.
  void Orphan(Poller* poller);
  void StartBusyPoll(Poller* poller, unsigned microseconds);
  // The poller is about to end, or to have another descriptor.
  void Forget(const Poller* poller);
  // Count the handles that libuv holds on to.
  void Hold() { handles_++; }
  void Released();

  const napi_env env_;
  void* const loop_;  // a uv_loop_t, or nullptr
  napi_ref set_immediate_ = nullptr;
  sys::ReadySet set_;
  sys::Ready ready_[64];  // what Collect() found, and DeliverNext() has not delivered
  int next_ = 0;
  int count_ = 0;
  bool unknown_ = false;  // among it was a descriptor of nobody's
  SetWatch* watch_ = nullptr;
  BusyPoll* busy_ = nullptr;
  sys::Array<Slot> slots_;
  uint32_t generation_ = 0;
  // A number above those of all sockets. If a program closes a socket by its number, the number is
  // free, and the socket may close it once more: no descriptor of ours must have it by then.
  int above_ = 0;
  sys::Array<Poller*> direct_;  // the pollers with a watch of their own
  int holds_ = 0;               // pollers that keep the loop alive
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
    // Readable is armed, and may have come: finds out, and does what OnReady() does then. Returns
    // whether it has. May close the poller.
    virtual bool OnPoll() = 0;

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
  int armed() const;
  // To be called for each readable event of a descriptor whose number no program knows. When there
  // were many, it gets a watch of its own.
  void CountReady();
  // A program is about to know the number. Returns 0 or -errno: then nothing is armed any more.
  int StayInSet();

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
  friend struct DirectWatch;

  // Calls the listener, if it has any of the events armed.
  void Deliver(int events);
  // Calls the listener if it waits for readable, and that has come. Returns whether it has.
  bool DeliverIfReady() { return (armed() & kReadable) != 0 && listener_->OnPoll(); }
  void ReleaseDirect();
  void UpdateHold();

  PollLoop* loop_;
  Listener* listener_;
  int fd_ = -1;
  int in_set_ = 0;  // the events that the set watches for
  unsigned times_ready_ = 0;
  DirectWatch* direct_ = nullptr;
  bool referenced_ = true;
  bool holding_ = false;
};

}  // namespace afunix
