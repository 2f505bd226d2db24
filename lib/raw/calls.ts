// The functions of afunix/raw for descriptors, addresses and plain bytes.
import { type AddressLike, addressOfBytes, bytesOfAddress, UnixAddress } from '../core/address.js';
import { check, invalidArgType, systemError } from '../core/errors.js';
import { Known, type Names } from '../core/known.js';
import {
  bufferOf,
  bytesOf,
  type Data,
  descriptorNumber,
  integer,
  optionsOf,
} from '../core/validate.js';
import { native } from '../native/binding.js';
import * as c from '../native/constants.js';

/** Flags of the descriptors that a call makes. */
export interface DescriptorOptions {
  /** Leaves the descriptor blocking: calls on it wait. Default false: it is non-blocking. */
  blocking?: boolean | undefined;
  /** Leaves it open in programs that this process starts (exec). Default false: it is close-on-exec. */
  inheritable?: boolean | undefined;
}

const CREATION: Names<DescriptorOptions> = { blocking: 1, inheritable: 1 };
const SOCKET = new Known<DescriptorOptions>('socket', CREATION);
const SOCKETPAIR = new Known<DescriptorOptions>('socketpair', CREATION);
const ACCEPT = new Known<DescriptorOptions>('accept', CREATION);
const UINT_MAX = 0xffffffff;
const SHRT_MAX = 0x7fff;

/** Returns the flags as DescriptorFlags of sys/calls.h has them. */
function creationFlags(
  options: DescriptorOptions | undefined,
  known: Known<DescriptorOptions>,
): number {
  const { blocking = false, inheritable = false } = optionsOf(options, known);
  for (const [name, value] of Object.entries({ blocking, inheritable })) {
    if (typeof value !== 'boolean')
      throw invalidArgType(`options.${name}`, 'of type boolean', value);
  }
  return (blocking ? 1 : 0) | (inheritable ? 2 : 0);
}

/**
 * Creates a socket and returns its descriptor. `type` may be or-ed with SOCK_NONBLOCK and SOCK_CLOEXEC, which are the
 * default. EPROTONOSUPPORT for SOCK_SEQPACKET on macOS, EMFILE with no descriptor left. See socket(2).
 */
export function socket(
  domain: number,
  type: number,
  protocol = 0,
  options?: DescriptorOptions,
): number {
  return check(
    'socket',
    native.raw.socket(
      integer('domain', domain),
      integer('type', type),
      integer('protocol', protocol),
      creationFlags(options, SOCKET),
    ),
  );
}

/** Creates two connected sockets and returns their descriptors. Errors as of `socket`. See socketpair(2). */
export function socketpair(
  domain: number,
  type: number,
  protocol = 0,
  options?: DescriptorOptions,
): [number, number] {
  const pair = native.raw.socketpair(
    integer('domain', domain),
    integer('type', type),
    integer('protocol', protocol),
    creationFlags(options, SOCKETPAIR),
  );
  if (typeof pair === 'number') throw systemError('socketpair', pair);
  return pair;
}

/**
 * Binds the socket to an address. A pathname makes a socket file, which the caller has to unlink.
 * `UnixAddress.unnamed` has the kernel choose an abstract name (Linux: autobind, unix(7)). Pathnames longer than
 * `sun_path`, up to 4,095 bytes, work; getsockname(2) and peers see another name of such a socket, which cannot
 * be answered. A relative pathname is bound, and seen, as it is. EADDRINUSE if the name is taken, also by a file that no
 * socket is bound to any more; EINVAL if the socket has a name; ENOENT, EACCES of the directory; ENOSYS if a long
 * pathname needs /proc and it is not mounted. See bind(2).
 */
export function bind(fd: number, address: AddressLike): void {
  descriptorNumber('fd', fd);
  const to = UnixAddress.from(address);
  check('bind', native.raw.bind(fd, bytesOfAddress(to)), to);
}

/**
 * Connects the socket; null (AF_UNSPEC) makes a datagram socket forget its peer. There is no
 * EINPROGRESS: a connection is made at once, or throws EAGAIN when the backlog is full. The kernel does not
 * announce room in it: try again later. A blocking descriptor waits instead. Sets O_NONBLOCK on any other
 * stream or seqpacket socket. ECONNREFUSED if nobody listens there any more, ENOENT without the file,
 * EPROTOTYPE if it is a socket of another type, EPERM if it is a datagram socket connected to another
 * one, EINVAL for `UnixAddress.unnamed`. See connect(2), unix(7).
 */
export function connect(fd: number, address: AddressLike | null): void {
  descriptorNumber('fd', fd);
  const to = address === null ? null : UnixAddress.from(address);
  const bytes = to === null ? undefined : bytesOfAddress(to);
  check('connect', native.raw.connect(fd, bytes), to ?? undefined);
}

/**
 * Lets others connect to a bound socket. One connection more than `backlog` may wait to be accepted
 * (Linux); `net.core.somaxconn` caps it. EOPNOTSUPP for datagram sockets, EINVAL for one that is not
 * bound. See listen(2).
 */
export function listen(fd: number, backlog = 511): void {
  check('listen', native.raw.listen(descriptorNumber('fd', fd), integer('backlog', backlog, 0)));
}

/**
 * Accepts the next connection and returns its descriptor. EAGAIN if none waits; a blocking descriptor waits for one.
 * EMFILE leaves the connection in the backlog, and the socket readable: wait before the next try. `options` are those of
 * the new descriptor. See accept(2).
 */
export function accept(fd: number, options?: DescriptorOptions): number {
  return check(
    'accept',
    native.raw.accept(descriptorNumber('fd', fd), creationFlags(options, ACCEPT)),
  );
}

/**
 * Sends bytes and returns how many were sent: on a stream it may be fewer. SIGPIPE is never raised.
 * EAGAIN when the queue is full (a blocking descriptor waits), ENOTCONN, ECONNREFUSED, ECONNRESET,
 * EPIPE when the peer is gone, EMSGSIZE for a datagram or packet over SO_SNDBUF less 32 bytes. See
 * send(2).
 */
export function send(fd: number, data: Data, flags = 0): number {
  return check(
    'send',
    native.raw.send(
      descriptorNumber('fd', fd),
      bytesOf('data', data),
      integer('flags', flags),
      undefined,
    ),
  );
}

/**
 * Sends to an address, on a datagram socket (EISCONN on a stream), as `send` does. Errors of the address as of
 * `connect`. A socket that is not connected is writable for poll(2) even while this throws EAGAIN: wait before
 * the next try. See sendto(2).
 */
export function sendto(fd: number, data: Data, address: AddressLike): number;
export function sendto(fd: number, data: Data, flags: number, address: AddressLike): number;
export function sendto(
  fd: number,
  data: Data,
  flags: number | AddressLike,
  address?: AddressLike,
): number {
  descriptorNumber('fd', fd);
  const bytes = bytesOf('data', data);
  const bits = address === undefined && typeof flags !== 'number' ? 0 : integer('flags', flags);
  const to = UnixAddress.from(address === undefined ? (flags as AddressLike) : address);
  return check('sendto', native.raw.send(fd, bytes, bits, bytesOfAddress(to)), to);
}

/**
 * Receives into `buffer` and returns how many bytes were received: 0 at the end of a stream, and for an empty
 * message. A datagram or packet that does not fit is truncated. Only `recvmsg` shows that, or MSG_TRUNC in
 * `flags`, with which this returns the real length. Descriptors of the message are closed.
 * EAGAIN if there is nothing to receive (a blocking descriptor waits), ECONNRESET. See recv(2).
 */
export function recv(fd: number, buffer: NodeJS.ArrayBufferView, flags = 0): number {
  return check(
    'recv',
    native.raw.recv(
      descriptorNumber('fd', fd),
      bufferOf('buffer', buffer),
      integer('flags', flags),
    ),
  );
}

/** The result of `recvfrom`. */
export interface ReceivedFrom {
  /** Bytes received; with MSG_TRUNC in the call's flags, the message's real length. */
  length: number;
  /** Whether the message was truncated to the buffer. */
  truncated: boolean;
  /** The sender's address: unnamed if it is bound to none. */
  address: UnixAddress;
}

/** Receives as `recv` does, and returns the sender's address, too. See recvfrom(2). */
export function recvfrom(fd: number, buffer: NodeJS.ArrayBufferView, flags = 0): ReceivedFrom {
  const message = native.raw.recvmsg(
    descriptorNumber('fd', fd),
    [bufferOf('buffer', buffer)],
    0,
    integer('flags', flags),
  );
  if (typeof message === 'number') throw systemError('recvfrom', message);
  return {
    length: message.length,
    truncated: (message.flags & c.MSG_TRUNC) !== 0,
    address: addressOfBytes(message.address),
  };
}

/** Ends one or both directions: SHUT_RD, SHUT_WR, SHUT_RDWR. ENOTCONN (macOS). See shutdown(2). */
export function shutdown(fd: number, how: number): void {
  check('shutdown', native.raw.shutdown(descriptorNumber('fd', fd), integer('how', how)));
}

/**
 * Returns the address that the socket is bound to, unnamed for none. These are the kernel's bytes, even if they name
 * nothing (see `bind`) or, as `/proc/self/fd/3/x` does, another file in each process. See getsockname(2).
 */
export function getsockname(fd: number): UnixAddress {
  const bytes = native.raw.getsockname(descriptorNumber('fd', fd));
  if (typeof bytes === 'number') throw systemError('getsockname', bytes);
  return addressOfBytes(bytes);
}

/**
 * Returns the address that the peer is bound to, unnamed for none; the kernel's bytes, as of `getsockname`. ENOTCONN.
 * See getpeername(2).
 */
export function getpeername(fd: number): UnixAddress {
  const bytes = native.raw.getpeername(descriptorNumber('fd', fd));
  if (typeof bytes === 'number') throw systemError('getpeername', bytes);
  return addressOfBytes(bytes);
}

/**
 * Closes the descriptor. Never retried: after EINTR it is closed all the same (Linux, macOS), and its number may
 * be in use again. EBADF if it is not open. See close(2).
 */
export function close(fd: number): void {
  check('close', native.raw.close(descriptorNumber('fd', fd)));
}

/**
 * Returns a duplicate, close-on-exec, never 0, 1 or 2. The duplicate of a blocking descriptor is blocking, too. See
 * F_DUPFD_CLOEXEC in fcntl(2).
 */
export function dup(fd: number): number {
  return check('dup', native.raw.dup(descriptorNumber('fd', fd)));
}

/**
 * Returns which of `events` (POLLIN, POLLOUT, POLLPRI, and POLLRDHUP on Linux) a descriptor has now, and POLLERR and
 * POLLHUP, which need not be asked for; 0 for none. Never waits, not even on a blocking descriptor. POLLHUP: both
 * directions of a connection have ended, as when its peer is gone. EBADF if the descriptor is not open. See poll(2).
 */
export function poll(fd: number, events: number): number {
  return check(
    'poll',
    native.raw.poll(descriptorNumber('fd', fd), integer('events', events, 0, SHRT_MAX)),
  );
}

/**
 * Calls ioctl(2) with a pointer to an int, `value`, and returns that int as the call left it. SIOCINQ: bytes
 * that wait to be read (of a datagram socket, of the first message). SIOCOUTQ: memory of what was
 * sent and not yet received, in bytes with overhead. SIOCUNIXFILE: a descriptor (O_PATH) of the
 * socket's file, the caller's to close. ENOTTY for a request the descriptor does not know.
 */
export function ioctl(fd: number, request: number, value = 0): number {
  const result = native.raw.ioctl(
    descriptorNumber('fd', fd),
    integer('request', request, 0, UINT_MAX),
    integer('value', value, -2147483648, UINT_MAX) | 0,
  );
  if (typeof result === 'number') throw systemError('ioctl', result);
  return result[0];
}

/** The result of `fstat`: those fields of `fs.Stats` that matter for descriptors that are passed. */
export interface Stat {
  /** The device that holds the file. */
  dev: number;
  /** The number of the file on the device. */
  ino: number;
  /** Type and permissions; the type is `mode & S_IFMT`. */
  mode: number;
  /** Hard links. */
  nlink: number;
  /** The owner's user id. */
  uid: number;
  /** The owner's group id. */
  gid: number;
  /** The device that a device file stands for. */
  rdev: number;
  /** Bytes. */
  size: number;
  /** Whether the type is S_IFSOCK. */
  isSocket(): boolean;
}

/** Describes the file of an open descriptor. Numbers over 2^53 lose their last bits. See fstat(2). */
export function fstat(fd: number): Stat {
  const stat = native.raw.fstat(descriptorNumber('fd', fd));
  if (typeof stat === 'number') throw systemError('fstat', stat);
  return { ...stat, isSocket: () => (stat.mode & c.S_IFMT) === c.S_IFSOCK };
}
