#include "owned_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "napi/message_values.h"
#include "sys/calls.h"
#include "sys/file_status.h"
#include "sys/retry.h"

namespace afunix {

int OwnedDescriptors::Add(sys::UniqueFd fd) {
  const auto index = static_cast<size_t>(fd.get());
  if (index >= owned_.size()) owned_.resize(index + 1);
  owned_[index] = true;
  return fd.Release();
}

bool OwnedDescriptors::Has(int fd) const {
  return fd >= 0 && static_cast<size_t>(fd) < owned_.size() && owned_[static_cast<size_t>(fd)];
}

bool OwnedDescriptors::Take(int fd) {
  if (!Has(fd)) return false;
  owned_[static_cast<size_t>(fd)] = false;
  return true;
}

void OwnedDescriptors::CloseAll() {
  for (size_t fd = 0; fd < owned_.size(); ++fd) {
    if (owned_[fd]) ::close(static_cast<int>(fd));
  }
  owned_.clear();
}

napi_value OwnedDescriptors::MakeExports(napi_env env) {
  using Self = OwnedDescriptors;
  return MakeObject(env, {
                             Function<&Self::Own>("own", this),
                             Function<&Self::Disown>("disown", this),
                             Function<&Self::Close>("close", this),
                             Function<&Self::Duplicate>("duplicate", this),
                             Function<&Self::SealedFile>("sealedFile", this),
                             Function<&Self::MemoryFile>("memoryFile", this),
                             Function<&Self::Seals>("seals", this),
                             Function<&Self::Map>("map", this),
                             Function<&Self::Unmap>("unmap", this),
                             Function<&Self::CloseOnExec>("closeOnExec", this),
                             Function<&Self::Mode>("mode", this),
                             Function<&Self::Flags>("flags", this),
                             Function<&Self::SocketKind>("socketKind", this),
                             Function<&Self::PeerCredentials>("peerCredentials", this),
                             Function<&Self::PeerPidFd>("peerPidFd", this),
                             Function<&Self::OpenPidFd>("openPidFd", this),
                             Function<&Self::SignalPidFd>("signalPidFd", this),
                             Function<&Self::GetPidFdDescriptor>("getPidFdDescriptor", this),
                             Function<&Self::GetPidFdInfo>("getPidFdInfo", this),
                         });
}

// own(fd)
bool OwnedDescriptors::Own(const Arguments& arguments) {
  const int fd = arguments.Int(0, -1);
  if (Has(fd)) return true;
  if (sys::Retry([&] { return ::fcntl(fd, F_GETFD); }) == -EBADF) return false;
  Add(sys::UniqueFd(fd));
  return true;
}

// disown(fd)
napi_value OwnedDescriptors::Disown(const Arguments& arguments) {
  Remove(arguments.Int(0, -1));
  return nullptr;
}

// close(fd)
int OwnedDescriptors::Close(const Arguments& arguments) {
  const int fd = arguments.Int(0, -1);
  const int result = Take(fd) ? sys::Close(fd) : 0;
  return result == -EINTR ? 0 : result;  // closed all the same, close(2)
}

// duplicate(fd)
int OwnedDescriptors::Duplicate(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(arguments.Int(0, -1), &fd);
  return result < 0 ? result : Add(std::move(fd));
}

// closeOnExec(fd)
int OwnedDescriptors::CloseOnExec(const Arguments& arguments) {
  return sys::SetCloseOnExec(arguments.Int(0, -1));
}

// mode(fd)
int64_t OwnedDescriptors::Mode(const Arguments& arguments) {
  struct stat stat = {};
  const int error = sys::Stat(arguments.Int(0, -1), &stat);
  return error < 0 ? error : static_cast<int64_t>(stat.st_mode);
}

// flags(fd)
int OwnedDescriptors::Flags(const Arguments& arguments) {
  return sys::Retry([&] { return ::fcntl(arguments.Int(0, -1), F_GETFL); });
}

// socketKind(fd)
int OwnedDescriptors::SocketKind(const Arguments& arguments) {
  sys::SocketKind kind;
  const int error = sys::DescribeSocket(arguments.Int(0, -1), &kind);
  return error < 0 ? error : kind.domain << 16 | kind.type << 8 | (kind.listening ? 1 : 0);
}

// peerCredentials(fd)
napi_value OwnedDescriptors::PeerCredentials(const Arguments& arguments) {
  sys::Credentials credentials;
  const int result = sys::PeerCredentials(arguments.Int(0, -1), &credentials);
  return result < 0 ? ToValue(arguments.env, result) : MakeCredentials(arguments.env, credentials);
}

// peerPidFd(fd)
int OwnedDescriptors::PeerPidFd(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int result = sys::PeerPidFd(arguments.Int(0, -1), &fd);
  return result < 0 ? result : Add(std::move(fd));
}

}  // namespace afunix
