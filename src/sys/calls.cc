#include "calls.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "file_status.h"
#include "platform.h"
#include "readiness.h"
#include "retry.h"
#include "temporary_name.h"
#include "text.h"

namespace afunix::sys {

namespace {

#ifdef __linux__

int TypeFlags(int flags) {
  return (flags & kBlocking ? 0 : SOCK_NONBLOCK) | (flags & kInheritable ? 0 : SOCK_CLOEXEC);
}

#endif  // __linux__

int BindFitting(int fd, std::string_view bytes) {
  Address address;
  if (const int error = address.Set(bytes)) return error;
  return Retry([&] { return ::bind(fd, address.get(), address.length()); });
}

// For a pathname that does not fit into sun_path.
int BindLong(int fd, std::string_view path) {
  const size_t end = path.rfind('/') + 1;  // npos + 1 is 0
  const Text prefix(std::string_view(path.data(), end));
  const Text name(std::string_view(path.data() + end, path.size() - end));
  UniqueFd directory(Retry([&] {
    return ::open(end == 0 ? "." : prefix.c_str(), kLookInto | O_DIRECTORY | O_CLOEXEC);
  }));
  if (!directory) return directory.Release();
  // Look first: a socket can be bound once, and after a move that fails it could not be tried with
  // another name.
  struct stat existing;
  int error = StatAt(directory.get(), name, &existing);
  if (error == 0) return -EADDRINUSE;
  if (error != -ENOENT) return error;
  Text temporary;
  bool by_descriptor;
  error = BindTemporary(fd, Temporary::kMoved, directory.get(), prefix, &temporary, &by_descriptor);
  if (error != 0) return error;
  error = Move(directory.get(), temporary, name);
  if (error != 0) Retry([&] { return ::unlinkat(directory.get(), temporary.c_str(), 0); });
  return error;
}

int UpdateFlags(int fd, int get, int set, int add) {
  const int flags = Retry([&] { return fcntl(fd, get); });
  if (flags < 0) return flags;
  if ((flags & add) == add) return 0;
  return Retry([&] { return fcntl(fd, set, flags | add); });
}

}  // namespace

int Adopt(int fd, int flags) {
  if (!(flags & kInheritable)) {
    if (const int error = SetCloseOnExec(fd)) return error;
  }
  if (!(flags & kBlocking)) {
    if (const int error = SetNonBlocking(fd)) return error;
  }
#ifdef __APPLE__
  if (const int error = SetIntOption(fd, SOL_SOCKET, SO_NOSIGPIPE, 1)) return error;
#endif
  return 0;
}

int Socket(int domain, int type, int protocol, int flags, UniqueFd* out) {
#ifdef __linux__
  const int fd = Retry([&] { return ::socket(domain, type | TypeFlags(flags), protocol); });
  if (fd < 0) return fd;
  out->Reset(fd);
  return 0;
#else
  // macOS has no flags here: an exec in another thread before the next call inherits it.
  UniqueFd made(Retry([&] { return ::socket(domain, type, protocol); }));
  if (!made) return made.Release();
  if (const int error = Adopt(made.get(), flags)) return error;
  *out = std::move(made);
  return 0;
#endif
}

int SocketPair(int domain, int type, int protocol, int flags, UniqueFd* first, UniqueFd* second) {
  int fds[2];
#ifdef __linux__
  type |= TypeFlags(flags);
#endif
  const int error = Retry([&] { return ::socketpair(domain, type, protocol, fds); });
  if (error != 0) return error;
  UniqueFd one(fds[0]);
  UniqueFd two(fds[1]);
#ifndef __linux__
  for (const int fd : fds) {
    if (const int failed = Adopt(fd, flags)) return failed;
  }
#endif
  *first = std::move(one);
  *second = std::move(two);
  return 0;
}

int Bind(int fd, std::string_view bytes) {
  if (const int error = CheckAddress(bytes)) return error;
  return bytes.size() > Address::kMaxPath ? BindLong(fd, bytes) : BindFitting(fd, bytes);
}

int Connect(int fd, std::string_view bytes) {
  Address address;
  AddressWay way;
  if (const int error = address.Resolve(bytes, &way)) return error;
#ifdef __APPLE__
  // An interrupted connect goes on: asking again then finds the socket connected.
  const int first = ::connect(fd, address.get(), address.length());
  if (first == 0) return 0;
  if (errno != EINTR) return -errno;
  const int again = Retry([&] { return ::connect(fd, address.get(), address.length()); });
  return again == -EISCONN ? 0 : again;
#else
  return Retry([&] { return ::connect(fd, address.get(), address.length()); });
#endif
}

int TryConnect(int fd, std::string_view bytes) {
  const int flags = Retry([&] { return fcntl(fd, F_GETFL); });
  if (flags < 0) return flags;
  if ((flags & O_NONBLOCK) == 0) {
    int type = 0;
    int error = GetIntOption(fd, SOL_SOCKET, SO_TYPE, &type);
    if (error == 0 && type != SOCK_DGRAM) error = SetNonBlocking(fd);
    if (error != 0) return error;
  }
  return Connect(fd, bytes);
}

int Disconnect(int fd) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  const int error = Retry([&] { return ::connect(fd, &nobody, sizeof(nobody)); });
#ifdef __APPLE__
  // connect(2): "the error EAFNOSUPPORT will be harmlessly returned".
  if (error == -EAFNOSUPPORT) return 0;
#endif
  return error;
}

int Listen(int fd, int backlog) {
  return Retry([&] { return ::listen(fd, backlog); });
}

int Accept(int fd, int flags, UniqueFd* out, Address* peer) {
  sockaddr* address = nullptr;
  socklen_t* length = nullptr;
  if (peer != nullptr) {
    peer->Prepare();
    address = peer->buffer();
    length = peer->length_slot();
  }
#ifdef __linux__
  const int accepted = Retry([&] { return ::accept4(fd, address, length, TypeFlags(flags)); });
#else
  const int accepted = Retry([&] { return ::accept(fd, address, length); });
#endif
  if (accepted < 0) {
    if (peer != nullptr) peer->Set({});
    return accepted;
  }
  UniqueFd owned(accepted);
#ifndef __linux__
  // A peer that has gone already makes setsockopt fail with EINVAL on macOS, and a send with EPIPE
  // and SIGPIPE: such a connection is not handed out.
  if (Adopt(accepted, flags) != 0) return -ECONNABORTED;
#endif
  *out = std::move(owned);
  return 0;
}

int TryAccept(int fd, int flags, UniqueFd* out, Address* peer) {
  const int readable = IsReady(fd, POLLIN);
  if (readable == 0) {
    int listening = 0;
    if (const int error = GetIntOption(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening)) return error;
    if (listening != 0) {
      if (peer != nullptr) peer->Set({});
      return -EAGAIN;
    }
  } else if (readable < 0 && readable != -EBADF) {
    return readable;
  }
  // What does not listen fails at once, and says why.
  return Accept(fd, flags, out, peer);
}

int Shutdown(int fd, int how) {
  return Retry([&] { return ::shutdown(fd, how); });
}

int GetSocketName(int fd, Address* out) {
  out->Prepare();
  const int error = Retry([&] { return ::getsockname(fd, out->buffer(), out->length_slot()); });
  if (error != 0) out->Set({});
  return error;
}

int GetPeerName(int fd, Address* out) {
  out->Prepare();
  const int error = Retry([&] { return ::getpeername(fd, out->buffer(), out->length_slot()); });
  if (error != 0) out->Set({});
  return error;
}

int GetOption(int fd, int level, int name, void* value, socklen_t* length) {
  return Retry([&] { return ::getsockopt(fd, level, name, value, length); });
}

int SetOption(int fd, int level, int name, const void* value, socklen_t length) {
  return Retry([&] { return ::setsockopt(fd, level, name, value, length); });
}

int GetIntOption(int fd, int level, int name, int* value) {
  *value = 0;
  socklen_t length = sizeof(*value);
  return GetOption(fd, level, name, value, &length);
}

int SetIntOption(int fd, int level, int name, int value) {
  return SetOption(fd, level, name, &value, sizeof(value));
}

int Close(int fd) { return ::close(fd) == 0 ? 0 : -errno; }

int Duplicate(int fd, UniqueFd* out) {
  const int duplicate = Retry([&] { return fcntl(fd, F_DUPFD_CLOEXEC, 3); });
  if (duplicate < 0) return duplicate;
  out->Reset(duplicate);
  return 0;
}

void MoveAbove(UniqueFd* fd, int least) {
  if (fd->get() >= least) return;
  const int above = Retry([&] { return ::fcntl(fd->get(), F_DUPFD_CLOEXEC, least); });
  if (above >= 0) fd->Reset(above);
}

int Ioctl(int fd, unsigned long request, int* value) {
  return Retry([&] { return ::ioctl(fd, request, value); });
}

int SetNonBlocking(int fd) { return UpdateFlags(fd, F_GETFL, F_SETFL, O_NONBLOCK); }

int SetCloseOnExec(int fd) { return UpdateFlags(fd, F_GETFD, F_SETFD, FD_CLOEXEC); }

int PassRights(int fd, bool pass) {
#ifdef __linux__
  return SetIntOption(fd, SOL_SOCKET, SO_PASSRIGHTS, pass);
#else
  (void)fd;
  (void)pass;
  return -ENOPROTOOPT;
#endif
}

int DescribeSocket(int fd, SocketKind* out) {
  int listening = 0;
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  int error = GetIntOption(fd, SOL_SOCKET, SO_TYPE, &out->type);
  if (error == 0) error = GetIntOption(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening);
  if (error == 0) {
    error = Retry([&] { return ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length); });
  }
  out->domain = name.ss_family;
  out->listening = listening != 0;
  return error;
}

int PeerPidFd(int fd, UniqueFd* out) {
#ifdef __linux__
  int pidfd = -1;
  if (const int error = GetIntOption(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd)) return error;
  out->Reset(pidfd);
  return 0;
#else
  (void)fd;
  (void)out;
  return -ENOPROTOOPT;
#endif
}

#ifdef __APPLE__

int PeerCredentials(int fd, Credentials* out) {
  xucred peer{};
  socklen_t length = sizeof(peer);
  if (const int error = GetOption(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &length)) {
    return error == -EINVAL ? -ENOTCONN : error;
  }
  if (peer.cr_version != XUCRED_VERSION || peer.cr_ngroups < 1) return -ENOTCONN;
  out->uid = peer.cr_uid;
  out->gid = peer.cr_groups[0];
  pid_t pid = -1;
  length = sizeof(pid);
  out->pid = GetOption(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &length) == 0 ? pid : -1;
  return 0;
}

#else

int PeerCredentials(int fd, Credentials* out) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (const int error = GetOption(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length)) return error;
  if (peer.pid == 0 && peer.uid == static_cast<uid_t>(-1)) return -ENOTCONN;
  out->pid = peer.pid;
  out->uid = peer.uid;
  out->gid = peer.gid;
  return 0;
}

#endif

}  // namespace afunix::sys
