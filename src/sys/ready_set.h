// Descriptors, and which of them are ready: epoll(7), kqueue(2) on macOS. Its own descriptor is
// readable as soon as any of them is ready, so that a loop can watch one for all.
#pragma once

#include <cstdint>

#include "unique_fd.h"

namespace afunix::sys {

enum Events : int { kReadable = 1, kWritable = 2 };

struct Ready {
  uint64_t key;
  int events;  // an error or a hang-up is both
};

class ReadySet {
 public:
  // Its own descriptor gets a number of `least` or above, if there is one. Returns 0 or -errno.
  int Open(int least = 0);
  int fd() const { return fd_.get(); }

  // Watches `fd` for `events`, level-triggered, in place of `before`; 0 means not at all. Its
  // events have this `key`. Returns 0, or -errno: EBADF for a descriptor that is not open, EPERM
  // for one that is always ready, such as a file.
  int Watch(int fd, int before, int events, uint64_t key);

  // Fills `out` with at most `most` of what is ready, a descriptor twice perhaps, and never waits.
  // Returns how many, or -errno. Those that are left out come first the next time.
  int Collect(Ready* out, int most);

 private:
  UniqueFd fd_;
};

}  // namespace afunix::sys
