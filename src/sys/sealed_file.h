// A file in memory whose contents can never change again: what to pass on in place of many bytes.
#pragma once

#include <string_view>

#include "unique_fd.h"

namespace afunix::sys {

// Makes an empty file in memory that may be sealed. Close-on-exec. Returns as SealedFile().
int CreateMemoryFile(const char* name, UniqueFd* out);

// Close-on-exec, at its beginning. `name` is for those who look (/proc/PID/fd), at most 249 bytes.
// Returns 0 or -errno; -ENOSYS where there is no memfd_create(2) (macOS).
int SealedFile(const char* name, std::string_view contents, UniqueFd* out);

}  // namespace afunix::sys
