#include "file_status.h"

#include <fcntl.h>

#include "retry.h"

#ifdef __linux__
#include <sys/sysmacros.h>
#endif

namespace afunix::sys {

#ifdef __linux__

namespace {

// Calls statx(2), which glibc has had since 2.28. fstat and fstatat became functions in glibc 2.33:
// a binary that was built there and calls them does not load with an older glibc.
int StatX(int directory, const char* name, int flags, struct stat* out) {
  struct statx status;
  const int error =
      Retry([&] { return ::statx(directory, name, flags, STATX_BASIC_STATS, &status); });
  if (error != 0) return error;
  *out = {};
  out->st_dev = makedev(status.stx_dev_major, status.stx_dev_minor);
  out->st_ino = status.stx_ino;
  out->st_mode = status.stx_mode;
  out->st_nlink = status.stx_nlink;
  out->st_uid = status.stx_uid;
  out->st_gid = status.stx_gid;
  out->st_rdev = makedev(status.stx_rdev_major, status.stx_rdev_minor);
  out->st_size = static_cast<off_t>(status.stx_size);
  out->st_ctim = {static_cast<time_t>(status.stx_ctime.tv_sec),
                  static_cast<long>(status.stx_ctime.tv_nsec)};
  return 0;
}

}  // namespace

int Stat(int fd, struct stat* out) { return StatX(fd, "", AT_EMPTY_PATH, out); }

int StatAt(int directory, const std::string& name, struct stat* out) {
  // fstatat(2) mounts nothing, while statx(2) does unless it is told not to.
  return StatX(directory, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, out);
}

#else

int Stat(int fd, struct stat* out) {
  return Retry([&] { return ::fstat(fd, out); });
}

int StatAt(int directory, const std::string& name, struct stat* out) {
  return Retry([&] { return ::fstatat(directory, name.c_str(), out, AT_SYMLINK_NOFOLLOW); });
}

#endif

bool IsSameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace afunix::sys
