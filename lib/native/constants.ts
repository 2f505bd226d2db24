// Every constant of Unix sockets by its C name.
import { native } from './binding.js';

/**
 * The constants this system has, by C name, like `fs.constants`. `'SO_PASSCRED' in constants` is true on
 * Linux only. Whether the running kernel knows an option, only trying it shows (ENOPROTOOPT).
 */
export const constants: Readonly<Record<string, number>> = Object.freeze({ ...native.constants });

// Typed number, as those of fs.constants are: one that this system lacks is undefined. Where no call works, all are 0.
const lacking = native.path === undefined ? 0 : undefined;
const c = (name: string): number => (constants[name] ?? lacking) as number;

// On every system.
export const AF_UNIX: number = c('AF_UNIX');
export const AF_LOCAL: number = c('AF_LOCAL');
export const AF_UNSPEC: number = c('AF_UNSPEC');
export const PF_UNIX: number = c('PF_UNIX');
export const PF_LOCAL: number = c('PF_LOCAL');
export const PF_UNSPEC: number = c('PF_UNSPEC');
export const AF_INET: number = c('AF_INET');
export const AF_INET6: number = c('AF_INET6');
export const SOCK_STREAM: number = c('SOCK_STREAM');
export const SOCK_DGRAM: number = c('SOCK_DGRAM');
export const SOCK_SEQPACKET: number = c('SOCK_SEQPACKET');
export const SOCK_RAW: number = c('SOCK_RAW');
export const SOL_SOCKET: number = c('SOL_SOCKET');
export const SOMAXCONN: number = c('SOMAXCONN');
export const SHUT_RD: number = c('SHUT_RD');
export const SHUT_WR: number = c('SHUT_WR');
export const SHUT_RDWR: number = c('SHUT_RDWR');
export const SO_ACCEPTCONN: number = c('SO_ACCEPTCONN');
export const SO_BROADCAST: number = c('SO_BROADCAST');
export const SO_DEBUG: number = c('SO_DEBUG');
export const SO_DONTROUTE: number = c('SO_DONTROUTE');
export const SO_ERROR: number = c('SO_ERROR');
export const SO_KEEPALIVE: number = c('SO_KEEPALIVE');
export const SO_LINGER: number = c('SO_LINGER');
export const SO_OOBINLINE: number = c('SO_OOBINLINE');
export const SO_RCVBUF: number = c('SO_RCVBUF');
export const SO_RCVLOWAT: number = c('SO_RCVLOWAT');
export const SO_RCVTIMEO: number = c('SO_RCVTIMEO');
export const SO_REUSEADDR: number = c('SO_REUSEADDR');
export const SO_REUSEPORT: number = c('SO_REUSEPORT');
export const SO_SNDBUF: number = c('SO_SNDBUF');
export const SO_SNDLOWAT: number = c('SO_SNDLOWAT');
export const SO_SNDTIMEO: number = c('SO_SNDTIMEO');
export const SO_TIMESTAMP: number = c('SO_TIMESTAMP');
export const SO_TYPE: number = c('SO_TYPE');
export const SCM_RIGHTS: number = c('SCM_RIGHTS');
export const SCM_TIMESTAMP: number = c('SCM_TIMESTAMP');
export const MSG_CTRUNC: number = c('MSG_CTRUNC');
export const MSG_DONTROUTE: number = c('MSG_DONTROUTE');
export const MSG_DONTWAIT: number = c('MSG_DONTWAIT');
export const MSG_EOR: number = c('MSG_EOR');
export const MSG_OOB: number = c('MSG_OOB');
export const MSG_PEEK: number = c('MSG_PEEK');
export const MSG_TRUNC: number = c('MSG_TRUNC');
export const MSG_WAITALL: number = c('MSG_WAITALL');
export const POLLIN: number = c('POLLIN');
export const POLLPRI: number = c('POLLPRI');
export const POLLOUT: number = c('POLLOUT');
export const POLLERR: number = c('POLLERR');
export const POLLHUP: number = c('POLLHUP');
export const FIONREAD: number = c('FIONREAD');
export const FIONBIO: number = c('FIONBIO');
export const F_DUPFD: number = c('F_DUPFD');
export const F_DUPFD_CLOEXEC: number = c('F_DUPFD_CLOEXEC');
export const IOV_MAX: number = c('IOV_MAX');
export const MSG_NOSIGNAL: number = c('MSG_NOSIGNAL');
export const S_IFMT: number = c('S_IFMT');
export const S_IFSOCK: number = c('S_IFSOCK');
export const S_IFREG: number = c('S_IFREG');
export const S_IFDIR: number = c('S_IFDIR');
export const S_IFCHR: number = c('S_IFCHR');
export const S_IFBLK: number = c('S_IFBLK');
export const S_IFIFO: number = c('S_IFIFO');
export const S_IFLNK: number = c('S_IFLNK');
export const SIOCATMARK: number = c('SIOCATMARK');
export const PATH_MAX: number = c('PATH_MAX');
export const SCM_MAX_FD: number = c('SCM_MAX_FD');
export const UNIX_PATH_MAX: number = c('UNIX_PATH_MAX');

// Undefined on macOS.
export const SOCK_NONBLOCK: number = c('SOCK_NONBLOCK');
export const SOCK_CLOEXEC: number = c('SOCK_CLOEXEC');
export const SO_ATTACH_BPF: number = c('SO_ATTACH_BPF');
export const SO_ATTACH_FILTER: number = c('SO_ATTACH_FILTER');
export const SO_BPF_EXTENSIONS: number = c('SO_BPF_EXTENSIONS');
export const SO_BSDCOMPAT: number = c('SO_BSDCOMPAT');
export const SO_BUF_LOCK: number = c('SO_BUF_LOCK');
export const SO_BUSY_POLL: number = c('SO_BUSY_POLL');
export const SO_COOKIE: number = c('SO_COOKIE');
export const SO_DETACH_BPF: number = c('SO_DETACH_BPF');
export const SO_DETACH_FILTER: number = c('SO_DETACH_FILTER');
export const SO_DOMAIN: number = c('SO_DOMAIN');
export const SO_GET_FILTER: number = c('SO_GET_FILTER');
export const SO_INCOMING_CPU: number = c('SO_INCOMING_CPU');
export const SO_INQ: number = c('SO_INQ');
export const SO_LOCK_FILTER: number = c('SO_LOCK_FILTER');
export const SO_MARK: number = c('SO_MARK');
export const SO_MEMINFO: number = c('SO_MEMINFO');
export const SO_NETNS_COOKIE: number = c('SO_NETNS_COOKIE');
export const SO_NO_CHECK: number = c('SO_NO_CHECK');
export const SO_PASSCRED: number = c('SO_PASSCRED');
export const SO_PASSPIDFD: number = c('SO_PASSPIDFD');
export const SO_PASSRIGHTS: number = c('SO_PASSRIGHTS');
export const SO_PASSSEC: number = c('SO_PASSSEC');
export const SO_PEEK_OFF: number = c('SO_PEEK_OFF');
export const SO_PEERCRED: number = c('SO_PEERCRED');
export const SO_PEERGROUPS: number = c('SO_PEERGROUPS');
export const SO_PEERNAME: number = c('SO_PEERNAME');
export const SO_PEERPIDFD: number = c('SO_PEERPIDFD');
export const SO_PEERSEC: number = c('SO_PEERSEC');
export const SO_PRIORITY: number = c('SO_PRIORITY');
export const SO_PROTOCOL: number = c('SO_PROTOCOL');
export const SO_RCVBUFFORCE: number = c('SO_RCVBUFFORCE');
export const SO_RIGHTS_NOTRUNC: number = c('SO_RIGHTS_NOTRUNC');
export const SO_RXQ_OVFL: number = c('SO_RXQ_OVFL');
export const SO_SELECT_ERR_QUEUE: number = c('SO_SELECT_ERR_QUEUE');
export const SO_SNDBUFFORCE: number = c('SO_SNDBUFFORCE');
export const SO_TIMESTAMPING: number = c('SO_TIMESTAMPING');
export const SO_TIMESTAMPNS: number = c('SO_TIMESTAMPNS');
export const SCM_CREDENTIALS: number = c('SCM_CREDENTIALS');
export const SCM_INQ: number = c('SCM_INQ');
export const SCM_PIDFD: number = c('SCM_PIDFD');
export const SCM_SECURITY: number = c('SCM_SECURITY');
export const SCM_TIMESTAMPING: number = c('SCM_TIMESTAMPING');
export const SCM_TIMESTAMPNS: number = c('SCM_TIMESTAMPNS');
export const MSG_CMSG_CLOEXEC: number = c('MSG_CMSG_CLOEXEC');
export const MSG_ERRQUEUE: number = c('MSG_ERRQUEUE');
export const MSG_MORE: number = c('MSG_MORE');
export const MSG_WAITFORONE: number = c('MSG_WAITFORONE');
export const POLLRDHUP: number = c('POLLRDHUP');
export const SIOCINQ: number = c('SIOCINQ');
export const SIOCOUTQ: number = c('SIOCOUTQ');
export const SIOCUNIXFILE: number = c('SIOCUNIXFILE');
export const XATTR_CREATE: number = c('XATTR_CREATE');
export const XATTR_REPLACE: number = c('XATTR_REPLACE');
export const UIO_MAXIOV: number = c('UIO_MAXIOV');

// Undefined on Linux.
export const SOL_LOCAL: number = c('SOL_LOCAL');
export const LOCAL_PEERCRED: number = c('LOCAL_PEERCRED');
export const LOCAL_PEERPID: number = c('LOCAL_PEERPID');
export const SO_NOSIGPIPE: number = c('SO_NOSIGPIPE');
export const SO_NREAD: number = c('SO_NREAD');
export const SO_NWRITE: number = c('SO_NWRITE');
export const SCM_CREDS: number = c('SCM_CREDS');
