#include "run_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "unique_fd.h"

namespace afunix::sys {

uint64_t RunDelay() {
  // Opened anew each time: kept open it would go on telling of the thread that opened it.
  const UniqueFd file(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t length = file ? ::read(file.get(), text, sizeof(text)) : 0;
  const char* end = text + std::max<ssize_t>(length, 0);
  const char* space = std::find<const char*>(text, end, ' ');
  uint64_t delay = 0;
  if (space != end) std::from_chars(space + 1, end, delay);
  return delay;
}

}  // namespace afunix::sys
