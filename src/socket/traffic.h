// The traffic of a socket in one direction (Traffic in lib/core/stats.ts).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace afunix {

struct Traffic {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t fds = 0;
  uint64_t again = 0;

  // Counts the result of a call: the bytes of a message, or -errno. Returns it.
  int Count(int result) {
    if (result >= 0) {
      messages++;
      bytes += static_cast<uint64_t>(result);
    } else if (result == -EAGAIN) {
      again++;
    }
    return result;
  }
};

}  // namespace afunix
