// What the tests share: a directory of their own, sockets in one line, pathnames of exact length.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>

#include "../../src/sys/address.h"
#include "../../src/sys/bound_path.h"
#include "../../src/sys/calls.h"
#include "../../src/sys/file_status.h"

namespace fixtures {

using namespace afunix::sys;  // NOLINT: these are its tests

// How often a test tries to meet what another thread does, and whether it goes on until it has.
// Where one thread runs at a time (memcheck), few rounds show all that is to be seen.
#ifdef AFUNIX_ONE_THREAD_AT_A_TIME
constexpr int kRounds = 20;
constexpr bool kMeets = false;
#else
constexpr int kRounds = 2000;
constexpr bool kMeets = true;
#endif

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = getenv("TMPDIR");
    std::string name = std::string(base == nullptr ? "/tmp" : base) + "/afunix-XXXXXX";
    path_ = mkdtemp(name.data());
    chmod(path_.c_str(), 0700);  // whatever the umask
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  std::set<std::string> Entries() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  // A pathname of exactly `length` bytes whose last component has `last`; its directories exist.
  std::string PathOf(size_t length, size_t last = 1) const {
    std::string path = path_;
    // Short directories, so that what is left always fits into one.
    while (path.size() + 1 + last < length) {
      const size_t left = length - path.size() - 1 - last;  // "/" and a name
      size_t name = left - 1;
      if (name > 100) name = 50;
      path += "/" + std::string(name, 'd');
      mkdir(path.c_str(), 0700);
    }
    return path + "/" + std::string(last, 's');
  }

 private:
  std::string path_;
};

class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::string& path)
      : before_(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (chdir(path.c_str()) != 0) abort();
  }
  ~WorkingDirectory() {
    if (fchdir(before_.get()) != 0) abort();
  }

 private:
  UniqueFd before_;
};

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  ~Umask() { umask(before_); }

 private:
  mode_t before_;
};

inline UniqueFd Make(int type, int flags = kDefault) {
  UniqueFd fd;
  if (Socket(AF_UNIX, type, 0, flags, &fd) != 0) abort();
  return fd;
}

inline UniqueFd Bound(int type, std::string_view address) {
  UniqueFd fd = Make(type);
  if (Bind(fd.get(), address) != 0) abort();
  return fd;
}

inline UniqueFd Listening(std::string_view address, int backlog = 16) {
  UniqueFd fd = Bound(SOCK_STREAM, address);
  if (Listen(fd.get(), backlog) != 0) abort();
  return fd;
}

// A socket file whose socket is closed.
inline void MakeDead(int type, const std::string& path) { Bound(type, path); }

struct Pair {
  UniqueFd first;
  UniqueFd second;
  explicit Pair(int type, int flags = kDefault) {
    if (SocketPair(AF_UNIX, type, 0, flags, &first, &second) != 0) abort();
  }
};

inline int FileMode(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777) : -1;
}

inline bool Exists(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

// It keeps RLIMIT_NOFILE to itself: the kernel never sees what a program sets.
inline bool UnderValgrind() {
  const char* preloaded = getenv("LD_PRELOAD");
  return preloaded != nullptr && strstr(preloaded, "vgpreload") != nullptr;
}

inline bool IsOpen(int fd) { return fcntl(fd, F_GETFD) != -1; }
inline bool IsCloseOnExec(int fd) { return fcntl(fd, F_GETFD) & FD_CLOEXEC; }
inline bool IsNonBlocking(int fd) { return fcntl(fd, F_GETFL) & O_NONBLOCK; }

// Runs `body` in a child; its result is the child's exit status.
template <typename Body>
pid_t Fork(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  return child;
}

inline int Wait(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace fixtures
