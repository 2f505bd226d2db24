// The way to a descriptor of a process, on systems that have /proc.
#pragma once

#include <cstdio>

#include "text.h"

namespace afunix::sys {

// `process`: its number, or "self". Not by std::to_string(), which LLVM's C++ library does not have
// in its headers.
inline Text DescriptorPath(std::string_view process, int fd) {
  char number[16];
  (void)snprintf(number, sizeof(number), "%d", fd);
  Text path = "/proc/";
  path += process;
  path += "/fd/";
  path += number;
  return path;
}

}  // namespace afunix::sys
