// Whether somebody answers at a pathname.
#pragma once

#include <string>

namespace afunix::sys {

// Connects a datagram socket to `path`: ECONNREFUSED is dead, want of memory tells nothing,
// anything else is alive. A listening stream socket sees no connection from it. Returns 1 if
// somebody answers, 0 if nobody does, or -errno.
int Probe(const std::string& path);

}  // namespace afunix::sys
