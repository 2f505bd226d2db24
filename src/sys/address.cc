#include "address.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "platform.h"
#include "retry.h"
#include "text.h"

namespace afunix::sys {

namespace {

constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);

}  // namespace

Address::Address() : storage_{}, length_(kPathOffset) {
  reinterpret_cast<sockaddr_un*>(storage_)->sun_family = AF_UNIX;
}

int Address::Set(std::string_view bytes) {
  memset(storage_, 0, sizeof(storage_));
  auto* address = reinterpret_cast<sockaddr_un*>(storage_);
  address->sun_family = AF_UNIX;
  length_ = kPathOffset;
  if (const int error = CheckAddress(bytes)) return error;
  if (bytes.size() > kMaxPath) return -ENAMETOOLONG;
  if (bytes.empty()) return 0;
  memcpy(storage_ + kPathOffset, bytes.data(), bytes.size());
  // A pathname counts its terminating NUL where there is room for it. An abstract name has none:
  // one more byte would be another name.
  const bool terminated = bytes[0] != '\0' && bytes.size() < kMaxPath;
  length_ = static_cast<socklen_t>(kPathOffset + bytes.size() + (terminated ? 1 : 0));
#ifdef __APPLE__
  address->sun_len = static_cast<unsigned char>(length_);
#endif
  return 0;
}

int Address::Resolve(std::string_view bytes, AddressWay* way) {
  const int error = Set(bytes);
  if (error != -ENAMETOOLONG) return error;
  if (const int invalid = CheckAddress(bytes)) return invalid;
  const Text path(bytes);
#if AFUNIX_PROC
  const int fd = Retry([&] { return ::open(path.c_str(), O_PATH | O_CLOEXEC); });
  if (fd < 0) return fd;
  way->Reset(fd);
  char link[32];
  const int size = snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  return Set(std::string_view(link, static_cast<size_t>(size)));
#else
  const int failed = way->Make(path);
  return failed != 0 ? failed : Set(way->path());
#endif
}

std::string_view Address::bytes() const { return AddressBytes(get(), length_); }

std::string_view AddressBytes(const sockaddr* address, socklen_t length) {
  // The kernel returns the length of the whole address, which may be more than it had room for.
  length = std::min(length, Address::kCapacity);
  if (address == nullptr || length <= kPathOffset) return {};
  const auto* raw = reinterpret_cast<const char*>(address);
  decltype(sockaddr_un::sun_family) family;
  memcpy(&family, raw + offsetof(sockaddr_un, sun_family), sizeof(family));
  if (family != AF_UNIX) return {};
  const char* path = raw + kPathOffset;
  const size_t size = length - kPathOffset;
  if (path[0] != '\0') return {path, strnlen(path, size)};
#ifdef __linux__
  return {path, size};
#else
  return {};         // macOS reports an unnamed socket as zeroes
#endif
}

int CheckAddress(std::string_view bytes) {
  if (bytes.empty()) return 0;
  if (bytes[0] == '\0') {
#ifdef __linux__
    return bytes.size() > Address::kMaxPath ? -ENAMETOOLONG : 0;
#else
    return -EINVAL;  // no abstract names
#endif
  }
  if (bytes.find('\0') != std::string_view::npos) return -EINVAL;
  return bytes.size() < PATH_MAX ? 0 : -ENAMETOOLONG;
}

}  // namespace afunix::sys
