// What goes into a `dgram.Socket`, and comes out of it.
import type { AddressLike, UnixAddress } from '../core/address.js';
import type { Credentials } from '../core/credentials.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import type { Data } from '../core/validate.js';
import type { DatagramOptions } from '../io/message-options.js';
import type { BindOptions } from '../io/options.js';

/** Called when the message went, with its bytes, or did not. */
export type SendCallback = (error: Error | null, bytes?: number) => void;

/** One message, or the pieces of one. */
export type DgramData = Data | readonly Data[];

/**
 * Options of `createSocket`. Those of node:dgram that are for UDP are accepted and without effect:
 * `reuseAddr`, `reusePort`, `ipv6Only`, `lookup`, `receiveBlockList`, `sendBlockList`.
 */
export interface SocketOptions extends DatagramOptions {
  /** The one type there is: SOCK_DGRAM. */
  type: 'unix_dgram';
  /** SO_SNDBUF, in bytes. */
  sendBufferSize?: number;
  /** SO_RCVBUF, in bytes; Linux has it for Unix sockets without effect. */
  recvBufferSize?: number;
  /** Closes the socket. */
  signal?: AbortSignal;
  /**
   * What a send does when the connected peer has no room. `'report'`, the default, is unix-dgram's
   * way: the message is not sent, the callback gets an error `congestion` (code EAGAIN), without a
   * callback the event `'congestion'` gets the message; `'writable'` tells when to go on. If nobody
   * listens to that either, the message waits. `'wait'` is Node's way: it waits, and the callback
   * comes when it has gone. `reconnect` means `'wait'`, and a send to an address always waits.
   */
  congestion?: 'report' | 'wait';
}

/** Options of `bind`. */
export interface SocketBindOptions
  extends Pick<BindOptions, 'mode' | 'replace' | 'unlinkOnClose' | 'allowUnsafePath'> {
  /** Where to. Without one: an abstract name that the kernel chooses (Linux). */
  path?: AddressLike;
  /** Accepted and without effect: every socket is exclusive, `cluster` shares none. */
  exclusive?: boolean;
}

/** An address, as events and methods give it. */
export interface AddressInfo {
  /** What `send` takes: a path, an abstract name with its leading NUL, `''` for none. */
  address: string;
  /** As node:dgram has 'IPv4'. */
  family: 'unix';
  /** The pathname, if it is one. */
  path: string | null;
}

/** What a `'message'` event tells beside the bytes. */
export interface RemoteInfo extends AddressInfo {
  /** Bytes that were sent; more than the message's length only when `truncated`. */
  size: number;
  /** Whether the end of the message was cut off. */
  truncated: boolean;
  /** The exact address. */
  from: UnixAddress;
  /** With `maxFds`: descriptors, the listener's to close. */
  fds: readonly FileDescriptor[];
  /** With `credentials: true`: the sender's. */
  credentials: Credentials | null;
}

/** Gets each message; its bytes are the listener's to keep. */
export type MessageListener = (message: Buffer, remote: RemoteInfo) => void;

/** The events of `Socket`. */
export interface SocketEvents {
  /** A message came. */
  message: Parameters<MessageListener>;
  /** `bind` is done. */
  listening: [];
  /** `connect` is done. */
  connect: [];
  /** With `reconnect`: the peer has gone. `connect` follows when it is there again. */
  disconnect: [error: Error];
  /** The connected peer has no room: this message was not sent. */
  congestion: [message: DgramData];
  /** After congestion: there is room again. */
  writable: [];
  /** What went wrong without a callback to tell it to. */
  error: [error: Error];
  /** `close` is done; no event follows. */
  close: [];
}
