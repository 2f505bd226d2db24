// Waits for one set of descriptors, in a thread of its own. It reports once, and again when asked.
#pragma once

#include "unique_fd.h"

namespace afunix::sys {

class WaitSet {
 public:
  // Opens it with descriptors that are no less than `least`. Returns 0 or -errno.
  int Open(int least);

  // Has Wait() return once when `fd` is readable, be it so already. Returns 0 or -errno. For a
  // descriptor that it has, this is to be called again after each time that Wait() returned.
  int Watch(int fd);
  // Has Wait() return false, now and from now on. Cannot fail.
  void Stop() { stop_.Reset(); }

  // Waits, also after errors. Returns false when it was stopped, or the set closed by its number.
  bool Wait();

 private:
  UniqueFd set_;
  UniqueFd stop_;     // closed in order to stop: a write could fail
  UniqueFd stopped_;  // hangs up then
};

}  // namespace afunix::sys
