/// <reference types="node" preserve="true" />

/**
 * One function for each system call, on integer descriptors.
 *
 * The functions are synchronous, and wait only on blocking descriptors (below). The caller owns every descriptor
 * that a call returns, and closes it once. A failed call throws a `SystemError` (`code`, `errno`, `syscall`,
 * `address`), also for EAGAIN. Each function names its usual codes; its man page has all of them. A wrong argument
 * throws a `TypeError` or `RangeError` with an `ERR_*` code, before any system call. All but `close` retry after
 * EINTR. Flags and option names are the system's own numbers.
 *
 * A call waits only on a blocking descriptor: one that this thread made with `{ blocking: true }`
 * (`socket`, `socketpair`, `accept`), or a `dup` of one, until `close` or until a socket class takes
 * it over. A call that waits stops the whole thread. On every other descriptor a call that would wait
 * throws EAGAIN, also where O_NONBLOCK is missing: that flag belongs to the open file, and every
 * process that shares the file can clear it. Sends and receives pass MSG_DONTWAIT. `accept` asks
 * poll(2) first. `connect` sets O_NONBLOCK on a stream or seqpacket socket that lacks it, for all who
 * share the file. One race remains for each of the last two, because these system calls have no
 * MSG_DONTWAIT: `accept` waits if O_NONBLOCK is missing and another process takes the connection
 * between poll(2) and accept(2), `connect` if another process clears O_NONBLOCK between fcntl(2) and
 * connect(2). `ioctl`, `fstat` and `close` of a descriptor that is not a Unix socket, and calls with a pathname,
 * take as long as the driver or the file system does.
 *
 * Close a descriptor that node:fs opened with node:fs. In a worker Node.js closes it by its number when the worker
 * ends, even if `close` has closed it and its number is in use again.
 *
 * @module
 */
export { type AddressLike, UnixAddress } from './core/address.js';
export type { Credentials } from './core/credentials.js';
export type { SystemError } from './core/errors.js';
export type { Data } from './core/validate.js';
export * from './native/constants.js';
export * from './raw/attributes.js';
export * from './raw/calls.js';
export {
  type OutgoingMessage,
  type ReceivedMessage,
  type ReceiveOptions,
  type ReceiveTarget,
  recvmmsg,
  recvmsg,
  sendmmsg,
  sendmsg,
} from './raw/messages.js';
export { getsockopt, setsockopt } from './raw/options.js';
