// The one place where EINTR is retried.
#pragma once

#include <cerrno>

namespace afunix::sys {

// Runs a system call until it is not interrupted; returns its result, or -errno.
template <typename Call>
auto Retry(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result != -1) return result;
    if (errno != EINTR) return static_cast<decltype(call())>(-errno);
  }
}

}  // namespace afunix::sys
