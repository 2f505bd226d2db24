// What a file is: fstat(2) and fstatat(2).
#pragma once

#include <sys/stat.h>

#include "text.h"

namespace afunix::sys {

// Both return 0 or -errno.
int Stat(int fd, struct stat* out);
// Looks at `name` in `directory`, and follows no link.
int StatAt(int directory, const Text& name, struct stat* out);

bool IsSameFile(const struct stat& a, const struct stat& b);

}  // namespace afunix::sys
