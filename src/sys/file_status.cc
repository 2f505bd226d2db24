#include "file_status.h"

#include <fcntl.h>

#include "retry.h"

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace afunix::sys {

// The system calls themselves, on the systems that a release has binaries for: the C library's
// functions are as old as glibc 2.33 alone, and a binary that was built there and calls them does
// not load with an older one. The kernel's struct stat is the C library's on these.
#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

int Stat(int fd, struct stat* out) {
  return static_cast<int>(Retry([&] { return ::syscall(SYS_fstat, fd, out); }));
}

int StatAt(int directory, const Text& name, struct stat* out) {
  return static_cast<int>(Retry([&] {
    return ::syscall(SYS_newfstatat, directory, name.c_str(), out, AT_SYMLINK_NOFOLLOW);
  }));
}

#else

int Stat(int fd, struct stat* out) {
  return Retry([&] { return ::fstat(fd, out); });
}

int StatAt(int directory, const Text& name, struct stat* out) {
  return Retry([&] { return ::fstatat(directory, name.c_str(), out, AT_SYMLINK_NOFOLLOW); });
}

#endif

bool IsSameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace afunix::sys
