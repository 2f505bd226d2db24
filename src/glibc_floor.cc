// Keeps a binary that is built with a new glibc and libstdc++ loadable with the old ones
// (glibc 2.28 and GLIBCXX_3.4.21, which Node.js itself needs): a symbol that was added later is
// defined here, and src/exports.map keeps it inside the binary. scripts/check-binaries.mjs names
// any that is missing.
#ifdef __linux__

#include <features.h>
#include <sys/stat.h>

#include <cstdlib>
#include <functional>

#ifdef __GLIBC__

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// GLIBC_2.33; inline functions over __fxstat and its like before. On these architectures the
// kernel's struct stat is glibc's own.
#if __GLIBC_PREREQ(2, 33) && (defined(__x86_64__) || defined(__aarch64__)) && defined(__LP64__)

extern "C" int fstatat(int directory, const char* path, struct stat* out, int flags) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, directory, path, out, flags));
}

extern "C" int lstat(const char* path, struct stat* out) noexcept {
  return fstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

extern "C" int fstat(int fd, struct stat* out) noexcept {
  return static_cast<int>(syscall(SYS_fstat, fd, out));
}

#endif  // __GLIBC_PREREQ

#endif  // __GLIBC__

// GLIBCXX_3.4.29. A container asked for more than the address space: nothing to be done.
#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE >= 11
[[noreturn]] void std::__throw_bad_array_new_length() { std::abort(); }
#endif

#endif  // __linux__
