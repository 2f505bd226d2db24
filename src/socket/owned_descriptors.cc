#include "owned_descriptors.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "napi/message_values.h"
#include "sys/calls.h"
#include "sys/file_status.h"
#include "sys/readiness.h"
#include "sys/retry.h"
#include "sys/sealed_file.h"

namespace afunix {

int OwnedDescriptors::Add(sys::UniqueFd fd) {
  set_.insert(fd.get());
  return fd.Release();
}

void OwnedDescriptors::CloseAll() {
  for (const int fd : std::exchange(set_, {})) ::close(fd);
}

napi_value OwnedDescriptors::MakeExports(napi_env env) {
  using Self = OwnedDescriptors;
  return MakeObject(env, {
                             Function<&Self::Own>("own", this),
                             Function<&Self::Disown>("disown", this),
                             Function<&Self::Close>("close", this),
                             Function<&Self::Duplicate>("duplicate", this),
                             Function<&Self::SealedFile>("sealedFile", this),
                             Function<&Self::CloseOnExec>("closeOnExec", this),
                             Function<&Self::Mode>("mode", this),
                             Function<&Self::SocketKind>("socketKind", this),
                             Function<&Self::Readable>("readable", this),
                             Function<&Self::PeerCredentials>("peerCredentials", this),
                             Function<&Self::PeerPidFd>("peerPidFd", this),
                         });
}

// own(fd)
bool OwnedDescriptors::Own(const Arguments& arguments) {
  const int fd = arguments.Int(0, -1);
  const bool open =
      set_.count(fd) > 0 || sys::Retry([&] { return ::fcntl(fd, F_GETFD); }) != -EBADF;
  if (open) set_.insert(fd);
  return open;
}

// disown(fd)
napi_value OwnedDescriptors::Disown(const Arguments& arguments) {
  Remove(arguments.Int(0, -1));
  return nullptr;
}

// close(fd)
int OwnedDescriptors::Close(const Arguments& arguments) {
  const int fd = arguments.Int(0, -1);
  const int result = set_.erase(fd) > 0 ? sys::Close(fd) : 0;
  return result == -EINTR ? 0 : result;  // closed all the same, close(2)
}

// duplicate(fd)
int OwnedDescriptors::Duplicate(const Arguments& arguments) {
  sys::UniqueFd fd;
  const int result = sys::Duplicate(arguments.Int(0, -1), &fd);
  return result < 0 ? result : Add(std::move(fd));
}

// sealedFile(name, contents)
int OwnedDescriptors::SealedFile(const Arguments& arguments) {
  Bytes name, contents;
  if (!arguments.Read(&name, &contents)) return -EINVAL;
  sys::UniqueFd fd;
  const std::string terminated(name.view());
  const int result = sys::SealedFile(terminated.c_str(), contents.view(), &fd);
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

// socketKind(fd)
int OwnedDescriptors::SocketKind(const Arguments& arguments) {
  sys::SocketKind kind;
  const int error = sys::DescribeSocket(arguments.Int(0, -1), &kind);
  return error < 0 ? error : kind.domain << 16 | kind.type << 8 | (kind.listening ? 1 : 0);
}

// readable(fd)
int OwnedDescriptors::Readable(const Arguments& arguments) {
  return sys::IsReady(arguments.Int(0, -1), POLLIN);
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
