// What this system's headers may lack, and where macOS differs. Numbers are the kernel's ABI; the
// kernel that runs may be newer than the headers this was built with.
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifdef __linux__

// The kernel's own definitions of linux/sockios.h, a header that Alpine's compiler comes without.
#ifndef SIOCINQ
#define SIOCINQ FIONREAD
#endif
#ifndef SIOCOUTQ
#define SIOCOUTQ TIOCOUTQ
#endif

// Newer than the headers of the distributions this is built on. parisc and sparc count apart; the
// other architectures agree from 33 on.
#if defined(__hppa__)
#define AFUNIX_BY_ARCH(generic, parisc, sparc) parisc
#elif defined(__sparc__)
#define AFUNIX_BY_ARCH(generic, parisc, sparc) sparc
#else
#define AFUNIX_BY_ARCH(generic, parisc, sparc) generic
#endif
#ifndef SO_PASSPIDFD  // 6.5
#define SO_PASSPIDFD AFUNIX_BY_ARCH(76, 0x404a, 0x55)
#endif
#ifndef SO_PEERPIDFD  // 6.5
#define SO_PEERPIDFD AFUNIX_BY_ARCH(77, 0x404b, 0x56)
#endif
#ifndef SO_PASSRIGHTS  // 6.16
#define SO_PASSRIGHTS AFUNIX_BY_ARCH(83, 0x4051, 0x5c)
#endif
#ifndef SO_INQ  // 6.17
#define SO_INQ AFUNIX_BY_ARCH(84, 0x4052, 0x5d)
#endif
#ifndef SO_RIGHTS_NOTRUNC  // 7.3
#define SO_RIGHTS_NOTRUNC AFUNIX_BY_ARCH(85, 0x4053, 0x5e)
#endif

#ifndef SCM_SECURITY
#define SCM_SECURITY 3
#endif
#ifndef SCM_PIDFD  // 6.5
#define SCM_PIDFD 4
#endif
#ifndef SCM_INQ  // 6.17
#define SCM_INQ SO_INQ
#endif
#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)
#endif

#endif  // __linux__

#ifdef __APPLE__

#include <sys/ucred.h>

#ifndef SOL_LOCAL
#define SOL_LOCAL 0
#endif
#ifndef LOCAL_PEERCRED
#define LOCAL_PEERCRED 1
#endif
#ifndef LOCAL_PEERPID
#define LOCAL_PEERPID 2
#endif

#endif  // __APPLE__

// Whether paths that do not fit into sun_path are reached through /proc. The tests of src/sys are
// built for Linux without it, too, for that is macOS's way.
#if defined(__linux__) && !defined(AFUNIX_NO_PROC)
#define AFUNIX_PROC 1
#else
#define AFUNIX_PROC 0
#endif

namespace afunix::sys {

// Opens a directory to look up names in it.
#ifdef __linux__
constexpr int kLookInto = O_PATH;
#else
constexpr int kLookInto = O_RDONLY;
#endif

#ifdef __linux__
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
// macOS: SO_NOSIGPIPE, set where the socket is made. Newer SDKs have MSG_NOSIGNAL, older kernels
// do not.
constexpr int kNoSignal = 0;
#endif

#ifdef MSG_CMSG_CLOEXEC
constexpr int kControlCloseOnExec = MSG_CMSG_CLOEXEC;
#else
constexpr int kControlCloseOnExec = 0;  // macOS: an exec between recvmsg and fcntl inherits it
#endif

}  // namespace afunix::sys
