// The way to a descriptor of a process, on systems that have /proc.
#pragma once

#include <cstdio>
#include <string>

namespace afunix::sys {

// `process`: its number, or "self". Not by std::to_string(), which LLVM's C++ library does not have
// in its headers.
inline std::string DescriptorPath(const std::string& process, int fd) {
  char number[16];
  (void)snprintf(number, sizeof(number), "%d", fd);
  std::string path = "/proc/";
  path += process;
  path += "/fd/";
  path += number;
  return path;
}

}  // namespace afunix::sys
