#include "ancillary.h"

#include <fcntl.h>
#include <sys/time.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "calls.h"
#include "platform.h"

namespace afunix::sys {

int ControlBuilder::AddRights(const int* fds, size_t count) {
  if (count == 0) return 0;
  if (count > kMaxRights - rights_count_) return -EINVAL;
  unsigned char* data = Append(SCM_RIGHTS, count * sizeof(int));
  if (data == nullptr) return -EINVAL;
  memcpy(data, fds, count * sizeof(int));
  rights_count_ += count;
  return 0;
}

int ControlBuilder::AddCredentials(const Credentials& credentials) {
#ifdef __linux__
  ucred value;
  value.pid = credentials.pid;
  value.uid = credentials.uid;
  value.gid = credentials.gid;
  unsigned char* data = Append(SCM_CREDENTIALS, sizeof(value));
  if (data == nullptr) return -EINVAL;
  memcpy(data, &value, sizeof(value));
  return 0;
#else
  (void)credentials;
  return -EOPNOTSUPP;
#endif
}

unsigned char* ControlBuilder::Append(int type, size_t size) {
  const size_t space = CMSG_SPACE(size);
  if (space > kCapacity - length_) return nullptr;
  unsigned char* start = buffer_ + length_;
  memset(start, 0, space);
  cmsghdr header{};
  header.cmsg_level = SOL_SOCKET;
  header.cmsg_type = type;
  header.cmsg_len = static_cast<decltype(header.cmsg_len)>(CMSG_LEN(size));
  memcpy(start, &header, sizeof(header));
  length_ += space;
  return start + CMSG_LEN(0);
}

void Ancillary::Clear() {
  CloseRightsFrom(0);
  has_credentials = false;
  credentials = Credentials();
  pidfd.Reset();
  security = nullptr;
  security_length = 0;
  has_inq = false;
  inq = 0;
  has_timestamp = false;
  timestamp = 0;
}

void Ancillary::CloseRightsFrom(size_t keep) {
  while (rights_count > keep) {
    const int fd = rights[--rights_count];
    if (fd >= 0) ::close(fd);
  }
}

size_t Ancillary::FirstRefused() const {
  const int* end = rights + rights_count;
  return static_cast<size_t>(std::find_if(rights, end, [](int fd) { return fd < 0; }) - rights);
}

size_t Ancillary::CountDescriptors() const {
  const int* end = rights + rights_count;
  return static_cast<size_t>(std::count_if(rights, end, [](int fd) { return fd >= 0; }));
}

bool Ancillary::empty() const {
  return rights_count == 0 && !has_credentials && !pidfd && security == nullptr && !has_inq &&
         !has_timestamp;
}

namespace {

void TakeRights(const unsigned char* data, size_t size, Ancillary* out) {
  for (; size >= sizeof(int); data += sizeof(int), size -= sizeof(int)) {
    int fd;
    memcpy(&fd, data, sizeof(fd));
    if (out->rights_count == kMaxRights) {
      if (fd >= 0) ::close(fd);
      continue;
    }
    if (kControlCloseOnExec == 0 && fd >= 0) SetCloseOnExec(fd);
    out->rights[out->rights_count++] = fd;
  }
}

void TakeTimestamp(const unsigned char* data, size_t size, Ancillary* out) {
  timeval value;
  if (size < sizeof(value)) return;
  memcpy(&value, data, sizeof(value));
  out->has_timestamp = true;
  // One division, so that the result is the nearest number to what the kernel has.
  out->timestamp =
      (static_cast<double>(value.tv_sec) * 1e6 + static_cast<double>(value.tv_usec)) / 1e3;
}

#ifdef __linux__

void TakeTimestampNs(const unsigned char* data, size_t size, Ancillary* out) {
  timespec value;
  if (size < sizeof(value)) return;
  memcpy(&value, data, sizeof(value));
  out->has_timestamp = true;
  out->timestamp =
      static_cast<double>(value.tv_sec) * 1e3 + static_cast<double>(value.tv_nsec) / 1e6;
}

void TakePidFd(const unsigned char* data, size_t size, Ancillary* out) {
  int fd;
  if (size < sizeof(fd)) return;
  memcpy(&fd, data, sizeof(fd));
  if (fd >= 0) out->pidfd.Reset(fd);  // Linux 6.5 puts -errno here when it could not make one
}

void TakeCredentials(const unsigned char* data, size_t size, Ancillary* out) {
  ucred value;
  if (size < sizeof(value)) return;
  memcpy(&value, data, sizeof(value));
  out->has_credentials = true;
  out->credentials.pid = value.pid;
  out->credentials.uid = value.uid;
  out->credentials.gid = value.gid;
}

void TakeInq(const unsigned char* data, size_t size, Ancillary* out) {
  if (size < sizeof(out->inq)) return;
  memcpy(&out->inq, data, sizeof(out->inq));
  out->has_inq = true;
}

#endif  // __linux__

void TakeControlMessage(int type, const unsigned char* data, size_t size, Ancillary* out) {
  switch (type) {
    case SCM_RIGHTS:
      TakeRights(data, size, out);
      break;
    case SCM_TIMESTAMP:
      TakeTimestamp(data, size, out);
      break;
#ifdef __linux__
    case SCM_TIMESTAMPNS:
      TakeTimestampNs(data, size, out);
      break;
    case SCM_CREDENTIALS:
      TakeCredentials(data, size, out);
      break;
    case SCM_PIDFD:
      TakePidFd(data, size, out);
      break;
    case SCM_SECURITY:
      out->security = data;
      out->security_length = size;
      break;
    case SCM_INQ:
      TakeInq(data, size, out);
      break;
#endif
    default:
      break;
  }
}

}  // namespace

// Walks by hand: what CMSG_NXTHDR checks differs between C libraries.
bool ParseControl(msghdr* header, Ancillary* out) {
  out->Clear();
  const auto* next = static_cast<const unsigned char*>(header->msg_control);
  size_t left = next == nullptr ? 0 : header->msg_controllen;
  bool any = false;
  while (left >= CMSG_LEN(0)) {
    cmsghdr message;
    memcpy(&message, next, sizeof(message));
    const size_t length = message.cmsg_len;
    if (length < CMSG_LEN(0) || length > left) break;
    any = true;
    const size_t size = length - CMSG_LEN(0);
    if (message.cmsg_level == SOL_SOCKET) {
      TakeControlMessage(message.cmsg_type, next + CMSG_LEN(0), size, out);
    }
    const size_t space = CMSG_SPACE(size);
    if (space > left) break;  // the last one may come without its padding
    next += space;
    left -= space;
  }
  return any;
}

}  // namespace afunix::sys
