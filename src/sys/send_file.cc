#include "send_file.h"

#include <cerrno>

#include "calls.h"
#include "retry.h"

#ifdef __linux__
#include <sys/sendfile.h>
#endif

namespace afunix::sys {

#ifdef __linux__

int64_t SendFile(int socket, int file, int64_t offset, size_t count) {
  if (const int error = SetNonBlocking(socket)) return error;
  off_t from = offset;
  return Retry([&] { return ::sendfile(socket, file, &from, count); });
}

#else

int64_t SendFile(int, int, int64_t, size_t) { return -ENOSYS; }

#endif

}  // namespace afunix::sys
