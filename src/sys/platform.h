// What this system's headers may lack, and where macOS differs. Numbers are the kernel's ABI; the
// kernel that runs may be newer than the headers this was built with.
#pragma once

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifdef __linux__

#include <linux/sockios.h>

#ifndef SO_PEERSEC
#define SO_PEERSEC 31
#endif
#ifndef SO_PASSSEC
#define SO_PASSSEC 34
#endif
#ifndef SO_PEEK_OFF
#define SO_PEEK_OFF 42
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PASSPIDFD  // 6.5
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD  // 6.5
#define SO_PEERPIDFD 77
#endif
#ifndef SO_PASSRIGHTS  // 6.16
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ  // 6.17
#define SO_INQ 84
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

namespace afunix::sys {

#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;  // macOS: SO_NOSIGPIPE, set where the socket is made
#endif

#ifdef MSG_CMSG_CLOEXEC
constexpr int kControlCloseOnExec = MSG_CMSG_CLOEXEC;
#else
constexpr int kControlCloseOnExec = 0;  // macOS: an exec between recvmsg and fcntl inherits it
#endif

}  // namespace afunix::sys
