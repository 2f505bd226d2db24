// Every constant of AF_UNIX by its C name, those that old headers lack included.
#pragma once

#include <cstddef>

namespace afunix::sys {

struct Constant {
  const char* name;
  long value;
};

// Only what exists on this system. Socket constants and errno names ("ECONNREFUSED") are apart.
extern const Constant kConstants[];
extern const size_t kConstantCount;
extern const Constant kErrnos[];
extern const size_t kErrnoCount;

}  // namespace afunix::sys
