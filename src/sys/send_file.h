// Bytes of a file to a socket, without a way through this process's memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace afunix::sys {

// sendfile(2) from `offset` on, which moves no offset. Raises SIGPIPE,
// which Node.js ignores, with -EPIPE. Never waits for the socket: gives it
// O_NONBLOCK if another process that shares it has cleared it. May wait for the file's disk.
// Returns how many bytes went, 0 at the file's end, or -errno: -ENOSYS where there is none for Unix
// sockets (macOS).
int64_t SendFile(int socket, int file, int64_t offset, size_t count);

}  // namespace afunix::sys
