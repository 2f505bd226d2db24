// Waits for the shared set of descriptors, and has the PollLoop deliver when one of them is ready.
// It has two kinds: of libuv's loop, or of a thread where the runtime has no such loop.
#pragma once

namespace afunix {

class SetWatch {
 public:
  virtual ~SetWatch() = default;

  // Waits for this set, in place of the one before. Returns 0 or -errno: then it waits for that
  // one.
  virtual int Watch(int set) = 0;
  // Sets whether it keeps the environment alive.
  virtual void SetReference(bool referenced) = 0;
  // Waits no more, and deletes this, later perhaps.
  virtual void Release() = 0;
};

}  // namespace afunix
