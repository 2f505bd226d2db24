// A pathname that stays the same when the process changes its directory.
#pragma once

#include <string>

namespace afunix::sys {

// Puts the current directory before a relative `path`; an empty one is that directory. Returns 0 or
// -errno, such as -ENAMETOOLONG.
int MakeAbsolute(const std::string& path, std::string* out);

}  // namespace afunix::sys
