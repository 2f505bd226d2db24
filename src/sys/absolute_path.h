// A pathname that stays the same when the process changes its directory.
#pragma once

#include "text.h"

namespace afunix::sys {

// Puts the current directory before a relative `path`; an empty one is that directory. Returns 0 or
// -errno, such as -ENAMETOOLONG.
int MakeAbsolute(const Text& path, Text* out);

}  // namespace afunix::sys
