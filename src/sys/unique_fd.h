// A file descriptor with one owner, from the line that makes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace afunix::sys {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }

  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // The caller owns the descriptor from here on.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  // Never retried after EINTR: on Linux and macOS the descriptor is closed by then, and another
  // thread may have got its number.
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace afunix::sys
