#include "probe.h"

#include <sys/socket.h>

#include <cerrno>

#include "calls.h"
#include "unique_fd.h"

namespace afunix::sys {

int Probe(const Text& path) {
  UniqueFd probe;
  if (const int error = Socket(AF_UNIX, SOCK_DGRAM, 0, kDefault, &probe)) return error;
  const int error = Connect(probe.get(), path);
  switch (error) {
    case -ECONNREFUSED:
      return 0;
    case -ENOENT:
    case -EAGAIN:  // of a datagram socket, which never has to wait: it says nothing
    case -ENOBUFS:
    case -ENOMEM:
      return error;
    default:
      return 1;
  }
}

}  // namespace afunix::sys
