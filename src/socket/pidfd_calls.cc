// Calls of JavaScript on descriptors of processes.
#include <cerrno>
#include <cstring>
#include <utility>

#include "owned_descriptors.h"
#include "sys/pidfd.h"

namespace afunix {

// openPidFd(pid)
int OwnedDescriptors::OpenPidFd(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int result = sys::OpenPidFd(arguments.Int(0, -1), &fd);
  return result < 0 ? result : Add(std::move(fd));
}

// signalPidFd(pidfd, signal)
int OwnedDescriptors::SignalPidFd(const Arguments& arguments) {
  return sys::SignalPidFd(arguments.Int(0, -1), arguments.Int(1, -1));
}

// getPidFdDescriptor(pidfd, fd)
int OwnedDescriptors::GetPidFdDescriptor(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int result = sys::GetPidFdDescriptor(arguments.Int(0, -1), arguments.Int(1, -1), &fd);
  return result < 0 ? result : Add(std::move(fd));
}

// getPidFdInfo(pidfd, info)
int OwnedDescriptors::GetPidFdInfo(const Arguments& arguments) {
  int pidfd;
  Bytes bytes;
  unsigned char info[sys::kPidFdInfoSize];
  if (!arguments.Read(&pidfd, &bytes) || bytes.length != sizeof(info)) return -EINVAL;
  std::memcpy(info, bytes.data, sizeof(info));
  const int result = sys::GetPidFdInfo(pidfd, &info);
  if (result == 0) std::memcpy(bytes.data, info, sizeof(info));
  return result;
}

}  // namespace afunix
