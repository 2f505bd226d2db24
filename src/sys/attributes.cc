#include "attributes.h"

#include <cerrno>

#include "retry.h"

#ifdef __linux__
#include <sys/xattr.h>
#endif

namespace afunix::sys {

#ifdef __linux__

int64_t GetAttribute(int fd, const char* name, void* value, size_t room) {
  return Retry([&] { return ::fgetxattr(fd, name, value, room); });
}

int64_t SetAttribute(int fd, const char* name, const void* value, size_t length, int flags) {
  return Retry([&] { return ::fsetxattr(fd, name, value, length, flags); });
}

int64_t ListAttributes(int fd, void* names, size_t room) {
  return Retry([&] { return ::flistxattr(fd, static_cast<char*>(names), room); });
}

int64_t RemoveAttribute(int fd, const char* name) {
  return Retry([&] { return ::fremovexattr(fd, name); });
}

#else

int64_t GetAttribute(int, const char*, void*, size_t) { return -ENOSYS; }
int64_t SetAttribute(int, const char*, const void*, size_t, int) { return -ENOSYS; }
int64_t ListAttributes(int, void*, size_t) { return -ENOSYS; }
int64_t RemoveAttribute(int, const char*) { return -ENOSYS; }

#endif

}  // namespace afunix::sys
