// Control messages (cmsg(3)): descriptors, credentials and the like that travel with the bytes.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "unique_fd.h"

namespace afunix::sys {

// The kernel's SCM_MAX_FD: one descriptor more in a message is EINVAL.
constexpr size_t kMaxRights = 253;

// The sender's or the peer's; -1 where the system does not report them.
struct Credentials {
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};

// Builds the control part of one outgoing message, without allocating.
class ControlBuilder {
 public:
  // Both return 0 or -EINVAL (too many, all calls together), and -EOPNOTSUPP for credentials on
  // macOS.
  int AddRights(const int* fds, size_t count);
  int AddCredentials(const Credentials& credentials);

  // nullptr and 0 when nothing was added, as msghdr wants it.
  void* data() { return length_ == 0 ? nullptr : buffer_; }
  size_t length() const { return length_; }
  size_t rights_count() const { return rights_count_; }

 private:
  unsigned char* Append(int type, size_t size);

  // Three headers (descriptors may come in two parts), each with its padding. Not by CMSG_SPACE,
  // which is no constant expression in the older macOS headers.
  static constexpr size_t kCapacity =
      3 * (sizeof(cmsghdr) + 16) + kMaxRights * sizeof(int) + sizeof(Credentials);
  alignas(cmsghdr) unsigned char buffer_[kCapacity];
  size_t length_ = 0;
  size_t rights_count_ = 0;
};

// What a message brought. Owns the descriptors in it: what is not released is closed.
struct Ancillary {
  Ancillary() = default;
  ~Ancillary() { Clear(); }
  Ancillary(const Ancillary&) = delete;
  Ancillary& operator=(const Ancillary&) = delete;

  // Forgets everything and closes the descriptors nobody released.
  void Clear();
  // Closes the descriptors from index `keep` on.
  void CloseRightsFrom(size_t keep);
  // The index of the first of `rights` that is no descriptor, or `rights_count`.
  size_t FirstRefused() const;
  // How many of `rights` are descriptors.
  size_t CountDescriptors() const;
  // Hands over all `rights_count` descriptors in `rights`.
  void ReleaseRights() { rights_count = 0; }

  bool empty() const;

  // Negative: the -errno of a descriptor that the kernel refused to this process, in its place
  // (SO_RIGHTS_NOTRUNC, which anybody may have set who had the socket before).
  int rights[kMaxRights];
  size_t rights_count = 0;
  bool has_credentials = false;
  Credentials credentials;
  UniqueFd pidfd;
  const unsigned char* security = nullptr;  // a view into the control buffer
  size_t security_length = 0;
  bool has_inq = false;
  int inq = 0;  // bytes left in the stream's queue (SCM_INQ)
  bool has_timestamp = false;
  double timestamp = 0;  // milliseconds since the epoch (SCM_TIMESTAMP, SCM_TIMESTAMPNS)
};

// Room for everything this library asks the kernel for: 253 descriptors, credentials, a pidfd, a
// label, a timestamp and SCM_INQ. Offer this or nothing (see MSG_CTRUNC in recvmsg(2)).
constexpr size_t kControlCapacity = 2048;

// Takes the control messages of a received `header` into `out` (cleared first). Descriptors become
// close-on-exec where the system has no MSG_CMSG_CLOEXEC. A malformed or foreign control message is
// skipped. Returns whether any control message at all was there.
bool ParseControl(msghdr* header, Ancillary* out);

}  // namespace afunix::sys
