// recvmsg(2) and recvmmsg(2) that give what a test wrote: any lengths, flags, names and control
// messages that fit into the room they were offered.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>

#include "../../../src/sys/address.h"
#include "../../../src/sys/ancillary.h"
#include "ledger.h"

struct ForgedMessage {
  std::string data;
  std::string name;
  std::string control;
  int flags = 0;

  // As the kernel tells the end of a connection, when no control message came.
  bool IsEmpty() const { return data.empty() && control.empty(); }
};

struct ForgedKernel {
  std::deque<ForgedMessage> queue;
  std::deque<ForgedMessage> given;  // by the last call
  int error = 0;                    // the next call's
  int interruptions = 0;            // before it
  bool ends = false;                // an empty message is the end, and all after it are
  bool ended = false;
  bool everything = false;  // there must be room for any control message
};

inline ForgedKernel forged_kernel;

// Gives the message; returns its length, or with MSG_TRUNC its real one.
inline size_t Deliver(ForgedMessage message, msghdr* header, int flags) {
  ForgedKernel& kernel = forged_kernel;
  if (kernel.ended) message = ForgedMessage();
  MUST(header->msg_iovlen == 1);
  const iovec& into = header->msg_iov[0];
  const size_t length = std::min(message.data.size(), into.iov_len);
  if (length > 0) memcpy(into.iov_base, message.data.data(), length);
  header->msg_flags = message.flags;
  if (length < message.data.size()) header->msg_flags |= MSG_TRUNC;

  MUST(!kernel.everything || header->msg_controllen == afunix::sys::kControlCapacity);
  if (header->msg_name != nullptr) {
    MUST(header->msg_namelen >= afunix::sys::Address::kCapacity);
    memcpy(header->msg_name, message.name.data(),
           std::min<size_t>(header->msg_namelen, message.name.size()));
    header->msg_namelen = static_cast<socklen_t>(message.name.size());
  }

  message.control.resize(std::min<size_t>(message.control.size(), header->msg_controllen));
  if (!message.control.empty()) {
    memcpy(header->msg_control, message.control.data(), message.control.size());
  }
  if (kernel.everything) {  // else there is room for a time and nothing more
    const auto fds =
        Ledger::DescriptorsIn(static_cast<uint8_t*>(header->msg_control), message.control.size());
    auto& installed = Ledger::open_->installed;
    installed.insert(installed.end(), fds.begin(), fds.end());
  }
  header->msg_controllen = message.control.size();
  kernel.ended = kernel.ended || (kernel.ends && message.IsEmpty());
  kernel.given.push_back(message);
  return (flags & MSG_TRUNC) != 0 ? message.data.size() : length;
}

// 0, or -1 when the call fails.
inline int BeginCall() {
  ForgedKernel& kernel = forged_kernel;
  kernel.given.clear();
  errno = kernel.interruptions > 0 ? EINTR : kernel.error;
  if (kernel.interruptions-- > 0 || kernel.error != 0) return -1;
  errno = EAGAIN;
  return kernel.queue.empty() ? -1 : 0;
}

inline ForgedMessage NextForged() {
  ForgedMessage message = std::move(forged_kernel.queue.front());
  forged_kernel.queue.pop_front();
  return message;
}

extern "C" {

ssize_t recvmsg(int, msghdr* header, int flags) {
  if (BeginCall() != 0) return -1;
  return static_cast<ssize_t>(Deliver(NextForged(), header, flags));
}

int recvmmsg(int, mmsghdr* headers, unsigned count, int flags, timespec*) {
  if (BeginCall() != 0) return -1;
  unsigned done = 0;
  for (; done < count && !forged_kernel.queue.empty(); done++) {
    headers[done].msg_len =
        static_cast<unsigned>(Deliver(NextForged(), &headers[done].msg_hdr, flags));
  }
  return static_cast<int>(done);
}
}
