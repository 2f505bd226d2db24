// A name for a file that is about to be renamed: unlikely to be there, and bind(2) refuses it with
// EADDRINUSE if it is.
#pragma once

#include <unistd.h>

#include <atomic>
#include <ctime>
#include <string>

namespace afunix::sys {

// How many names to try before giving up.
constexpr int kTemporaryNameAttempts = 16;

inline std::string TemporaryName() {
  static std::atomic<unsigned> counter{0};
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  // The process id is not enough: containers that share the directory count from 1 each.
  return ".afunix-" + std::to_string(getpid()) + "-" + std::to_string(now.tv_nsec) + "-" +
         std::to_string(counter.fetch_add(1));
}

}  // namespace afunix::sys
