#include "run_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "unique_fd.h"

namespace afunix::sys {

RunDelay RunDelay::Read() {
  RunDelay delay;
  // Opened anew each time: kept open it would go on telling of the thread that opened it.
  const UniqueFd file(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t length = file ? ::read(file.get(), text, sizeof(text)) : 0;
  const char* end = text + std::max<ssize_t>(length, 0);
  // The time that it ran, the time that it waited, the number of runs.
  const char* at = std::find<const char*>(text, end, ' ');
  if (at != end) at = std::from_chars(at + 1, end, delay.waited).ptr;
  if (at != end) std::from_chars(at + 1, end, delay.runs);
  return delay;
}

}  // namespace afunix::sys
