// Readiness of descriptors, told to callbacks. The only place that knows libuv (poller.cc): a
// second implementation, a thread of its own for runtimes without uv_poll_*, has to hold this
// interface.
#pragma once

#include <node_api.h>

#include <vector>

namespace afunix {

enum Events : int { kReadable = 1, kWritable = 2 };

struct PollHandle;  // what the implementation needs for one descriptor
struct Vigil;       // and to act before the loop sleeps

// The environment's event loop, as far as pollers need it.
class PollLoop {
 public:
  // Calls `drained(data)` once: when Shutdown() was called and the loop has let go of every handle.
  using Drained = void (*)(void* data);

  explicit PollLoop(napi_env env);
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void Shutdown(Drained drained, void* data);

  // Until that time has passed the loop, instead of sleeping, asks over and over whether anything
  // it waits for has come: to be woken costs more than the wait. Timers and all other descriptors
  // are served as ever.
  void StayAwake(unsigned microseconds);

 private:
  friend class Poller;
  friend struct PollHandle;
  friend struct Vigil;
  void Released();
  // Has the loop call before it sleeps. False if it will not any more.
  bool KeepVigil();
  void DropDead();

  void* loop_ = nullptr;
  Vigil* vigil_ = nullptr;
  std::vector<PollHandle*> changed_;  // those that the loop, as it sleeps next, watches anew
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

   protected:
    ~Listener() = default;
  };

  Poller(PollLoop* loop, Listener* listener) : loop_(loop), listener_(listener) {}
  ~Poller() { Close(); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Asks for exactly these events, level-triggered, from now on; 0: none. Returns 0 or -errno.
  // Every change costs two system calls; asking for what is armed already costs none.
  int Arm(int fd, int events);
  int armed() const { return armed_; }

  // Whether what is armed keeps the loop alive.
  void SetReference(bool referenced);

  // Before the descriptor is closed. No event comes after it.
  void Close();

 private:
  friend class PollLoop;
  friend struct PollHandle;
  void Fail();

  PollLoop* loop_;
  Listener* listener_;
  PollHandle* handle_ = nullptr;
  int armed_ = 0;
  bool referenced_ = true;
};

}  // namespace afunix
