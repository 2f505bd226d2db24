// Whether somebody answers at a pathname.
#pragma once

#include "text.h"

namespace afunix::sys {

// Connects a datagram socket to `path`. Returns 0 after ECONNREFUSED: nobody answers there. Returns
// -errno if that shows nothing, such as a lack of memory, else 1. A listening stream socket sees no
// connection from it.
int Probe(const Text& path);

}  // namespace afunix::sys
