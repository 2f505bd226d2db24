// How long the calling thread had to wait for a processor.
#pragma once

#include <cstdint>

namespace afunix::sys {

// Nanoseconds since the thread began in which it was ready to run and did not: proc(5), the second
// number of schedstat (Linux 2.6.9). 0 where that is not known. Takes some 5 us.
uint64_t RunDelay();

}  // namespace afunix::sys
