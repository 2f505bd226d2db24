// An AF_UNIX address: a sockaddr_un and its length.
//
// Outside this layer an address is its bytes: empty for unnamed (bind: autobind), a leading NUL for
// abstract (exact bytes), anything else a pathname without its terminating NUL.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "link_way.h"
#include "platform.h"
#include "unique_fd.h"

namespace afunix::sys {

// The way to a socket file whose pathname does not fit into sun_path: the file's descriptor, as
// /proc/self/fd/N, or on macOS a symbolic link.
#if AFUNIX_PROC
using AddressWay = UniqueFd;
#else
using AddressWay = LinkWay;
#endif

class Address {
 public:
  // Room for what the kernel returns for a pathname that fills sun_path: one byte more, its NUL.
  static constexpr socklen_t kCapacity = sizeof(sockaddr_un) + 1;
  // The longest pathname that fits (108 bytes on Linux, 104 on macOS); longer ones need Resolve().
  static constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path);

  Address();  // unnamed

  // Builds the address of `bytes`. Returns 0, -EINVAL for a pathname that holds a NUL, or
  // -ENAMETOOLONG when it does not fit.
  int Set(std::string_view bytes);

  // As Set(), and a pathname that does not fit is reached by `way`, which must outlive the call
  // that uses the address: connect and send follow it. Also returns the errors of open(2), or of
  // what makes the way.
  int Resolve(std::string_view bytes, AddressWay* way);

  std::string_view bytes() const;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(storage_); }
  socklen_t length() const { return length_; }

  // For calls that fill the address in: pass buffer() and length_slot(), which Prepare() has set.
  void Prepare() { length_ = kCapacity; }
  sockaddr* buffer() { return reinterpret_cast<sockaddr*>(storage_); }
  socklen_t* length_slot() { return &length_; }
  void set_length(socklen_t length) { length_ = length; }

 private:
  alignas(sockaddr_un) unsigned char storage_[kCapacity + 1];
  socklen_t length_;
};

// The bytes, as above, of a socket address the kernel filled in.
std::string_view AddressBytes(const sockaddr* address, socklen_t length);

// 0, or why `bytes` is no address at all: -EINVAL (NUL in a pathname) or -ENAMETOOLONG (an abstract
// name over sun_path, a pathname over PATH_MAX).
int CheckAddress(std::string_view bytes);

}  // namespace afunix::sys
