// How long the calling thread had to wait for a processor.
#pragma once

#include <cstdint>

namespace afunix::sys {

// Since the thread began: proc(5), schedstat (Linux 2.6.9). All 0 where that is not known.
struct RunDelay {
  uint64_t waited = 0;  // nanoseconds in which it was ready to run and did not
  uint64_t runs = 0;    // how many times it was given a processor

  // Of the calling thread. Takes some 5 us.
  static RunDelay Read();
};

}  // namespace afunix::sys
