// One function a system call. Each returns what the call returns, or -errno. EINTR is retried, but
// never on close. Descriptors are made non-blocking and close-on-exec in the call that makes them,
// unless `flags` says otherwise.
#pragma once

#include <cstddef>
#include <string_view>

#include "address.h"
#include "ancillary.h"
#include "unique_fd.h"

namespace afunix::sys {

enum DescriptorFlags : int {
  kDefault = 0,
  kBlocking = 1,
  kInheritable = 2,  // not close-on-exec
};

// Both return 0 or -errno.
int Socket(int domain, int type, int protocol, int flags, UniqueFd* out);
int SocketPair(int domain, int type, int protocol, int flags, UniqueFd* first, UniqueFd* second);

// Binds to `address` (see address.h; empty: autobind). Pathnames up to PATH_MAX - 1 bytes; of those
// over sun_path the kernel reports, to getsockname(2) and to peers, a name that leads nowhere (see
// temporary_name.h). -ENOSYS where such a one needs /proc and it is not mounted.
int Bind(int fd, std::string_view address);
// A full backlog is -EAGAIN if the file has O_NONBLOCK. Pathnames up to PATH_MAX - 1 bytes.
int Connect(int fd, std::string_view address);
// As Connect(), but never waits: gives the file O_NONBLOCK if another process that shares it has
// cleared it. Leaves the flags of a datagram socket alone, whose connect(2) has nothing to wait
// for.
int TryConnect(int fd, std::string_view address);
// connect(2) with AF_UNSPEC: a datagram socket forgets its peer.
int Disconnect(int fd);
int Listen(int fd, int backlog);
// -EAGAIN where no connection waits if the file has O_NONBLOCK.
int Accept(int fd, int flags, UniqueFd* out, Address* peer /* may be null */);
// As Accept(), but never waits, whatever flags the file has: asks poll(2) first. One race remains,
// because accept4(2) has no MSG_DONTWAIT and O_NONBLOCK is not changed for those who share the
// file: one process has cleared O_NONBLOCK, and another takes the connection between poll(2) and
// accept4(2).
int TryAccept(int fd, int flags, UniqueFd* out, Address* peer /* may be null */);
int Shutdown(int fd, int how);
int GetSocketName(int fd, Address* out);
int GetPeerName(int fd, Address* out);
int GetOption(int fd, int level, int name, void* value, socklen_t* length);
int SetOption(int fd, int level, int name, const void* value, socklen_t length);
// The common case: one int. GetIntOption returns 0 or -errno.
int GetIntOption(int fd, int level, int name, int* value);
int SetIntOption(int fd, int level, int name, int value);
int Close(int fd);
// A duplicate, close-on-exec, from descriptor 3 on.
int Duplicate(int fd, UniqueFd* out);
// Gives the descriptor a number that is no less than `least`, if there is one.
void MoveAbove(UniqueFd* fd, int least);
// ioctl(2) with an int in and out.
int Ioctl(int fd, unsigned long request, int* value);
int SetNonBlocking(int fd);
int SetCloseOnExec(int fd);
// Gives a socket made elsewhere what Socket() gives its own: `flags`, and no SIGPIPE on macOS.
int Adopt(int fd, int flags);

// Whether descriptors may be sent to this socket (SO_PASSRIGHTS, Linux 6.16): if not, the sender
// gets EPERM. Returns 0, or -ENOPROTOOPT where the kernel has no such option.
int PassRights(int fd, bool pass);

struct SocketKind {
  int domain = 0;
  int type = 0;
  bool listening = false;
};
// Describes the socket `fd`. Returns 0 or -errno, such as -ENOTSOCK. Its name's family is the
// domain, because macOS has no SO_DOMAIN.
int DescribeSocket(int fd, SocketKind* out);

// The peer as it was when it connected, listened or made the pair (SO_PEERCRED; LOCAL_PEERCRED and
// LOCAL_PEERPID on macOS). Returns 0, or -ENOTCONN where there is no such peer: a datagram socket
// connected by path reads (0, -1, -1) on Linux.
int PeerCredentials(int fd, Credentials* out);

// A pidfd of the peer's process, close-on-exec (SO_PEERPIDFD, Linux 6.5). Returns 0, -ENODATA where
// there is no peer, -ENOPROTOOPT on an older kernel and on macOS.
int PeerPidFd(int fd, UniqueFd* out);

}  // namespace afunix::sys
