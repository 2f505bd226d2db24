// Who has which descriptor. The numbers are made up: while a ledger is open, close(2) only writes
// down what it was given. Include it once, in a program's only file.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include "../../../src/sys/platform.h"
#include "must.h"

class Ledger {
 public:
  Ledger() { open_ = this; }
  ~Ledger() { open_ = nullptr; }

  std::vector<int> installed;  // by the kernel
  std::vector<int> taken;      // by the caller
  std::vector<int> closed;

  // The caller takes over what are descriptors among these.
  void Take(const int* rights, size_t count) {
    std::copy_if(rights, rights + count, std::back_inserter(taken), [](int fd) { return fd >= 0; });
  }

  // Every descriptor that came was taken or closed, once.
  void MustBalance() {
    std::vector<int> gone = taken;
    gone.insert(gone.end(), closed.begin(), closed.end());
    std::sort(gone.begin(), gone.end());
    std::sort(installed.begin(), installed.end());
    MUST(gone == installed);
  }

  // The descriptors in a control buffer, found by a walk that shares nothing with the one of src/.
  static std::vector<int> DescriptorsIn(const uint8_t* data, size_t size) {
    std::vector<int> fds;
    for (size_t at = 0; size - at >= sizeof(cmsghdr);) {
      cmsghdr header;
      memcpy(&header, data + at, sizeof(header));
      if (header.cmsg_len < sizeof(header) || header.cmsg_len > size - at) break;
      const bool rights = header.cmsg_type == SCM_RIGHTS;
      size_t count = (header.cmsg_len - sizeof(header)) / sizeof(int);
      if (header.cmsg_type == SCM_PIDFD) count = std::min<size_t>(count, 1);
      if (header.cmsg_level != SOL_SOCKET || (!rights && header.cmsg_type != SCM_PIDFD)) count = 0;
      for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, data + at + sizeof(header) + i * sizeof(int), sizeof(fd));
        if (fd >= 0) fds.push_back(fd);
      }
      const size_t next = (header.cmsg_len + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1);
      if (next > size - at) break;
      at += next;
    }
    return fds;
  }

  static inline Ledger* open_ = nullptr;
};

extern "C" int close(int fd) {
  if (Ledger::open_ == nullptr) return static_cast<int>(syscall(SYS_close, fd));
  Ledger::open_->closed.push_back(fd);
  return 0;
}
