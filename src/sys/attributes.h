// Extended attributes of what a descriptor refers to (xattr(7), Linux).
#pragma once

#include <cstddef>
#include <cstdint>

namespace afunix::sys {

// Each returns a length or 0, or -errno: -ENODATA for an attribute that is not there, -ERANGE for
// too little room, -ENOSYS on macOS.
int64_t GetAttribute(int fd, const char* name, void* value, size_t room);
int64_t SetAttribute(int fd, const char* name, const void* value, size_t length, int flags);
// The names, each with a NUL behind it.
int64_t ListAttributes(int fd, void* names, size_t room);
int64_t RemoveAttribute(int fd, const char* name);

}  // namespace afunix::sys
