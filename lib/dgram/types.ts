// The types of afunix/dgram: options, events, and what the events carry.
import type { AddressLike, UnixAddress } from '../core/address.js';
import type { Credentials } from '../core/credentials.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import type { Data } from '../core/validate.js';
import type { DatagramOptions } from '../io/message-options.js';
import type { BindOptions } from '../io/options.js';

/** Called with the number of bytes when a message was sent, or with the error. */
export type SendCallback = (error: Error | null, bytes?: number) => void;

/** One message, or the pieces of one. */
export type DgramData = Data | readonly Data[];

/**
 * Options of `createSocket`. Those of node:dgram that are for UDP are accepted and without effect:
 * `reuseAddr`, `reusePort`, `ipv6Only`, `lookup`, `receiveBlockList`, `sendBlockList`.
 */
export interface SocketOptions extends DatagramOptions {
  /** The only type: SOCK_DGRAM. */
  type: 'unix_dgram';
  /** SO_SNDBUF, in bytes. */
  sendBufferSize?: number;
  /** SO_RCVBUF, in bytes; Linux has it for Unix sockets without effect. */
  recvBufferSize?: number;
  /** Closes the socket. */
  signal?: AbortSignal;
  /**
   * Says what a send does while the connected peer has no room.
   *
   * `'report'` is the default, and what unix-dgram does. The message is not sent. The callback gets an error
   * `congestion` (code EAGAIN); without a callback the event `'congestion'` gets the message. `'writable'`
   * follows when there is room. A message without a callback waits if nobody listens for `'congestion'`.
   *
   * `'wait'` is what Node.js does: the message waits, and the callback is called when it was sent. With
   * `reconnect`, and to an address, every send waits.
   */
  congestion?: 'report' | 'wait';
}

/** Options of `bind`. */
export interface SocketBindOptions
  extends Pick<
    BindOptions,
    'mode' | 'owner' | 'group' | 'replace' | 'unlinkOnClose' | 'allowUnsafePath'
  > {
  /** The address. Without one the kernel chooses an abstract name (Linux). */
  path?: AddressLike;
  /** Accepted and without effect: every socket is exclusive, `cluster` shares none. */
  exclusive?: boolean;
}

/** An address, as events and methods describe it. */
export interface AddressInfo {
  /** The address as `send` takes it: a path, an abstract name with its leading NUL, or `''` for none. */
  address: string;
  /** In the place of node:dgram's 'IPv4'. */
  family: 'unix';
  /** The pathname, if it is one. */
  path: string | null;
}

/** The second argument of a `'message'` event: the sender, and what came with the bytes. */
export interface RemoteInfo extends AddressInfo {
  /** Bytes that were sent; more than the message's length only when `truncated`. */
  size: number;
  /** Whether the end of the message was cut off. */
  truncated: boolean;
  /** The exact address. */
  from: UnixAddress;
  /** With `maxFds`: the descriptors, which the listener has to close. */
  fds: readonly FileDescriptor[];
  /** With `credentials: true`: the sender's. */
  credentials: Credentials | null;
  /** With `timestamps: true`: when it was sent, in milliseconds since the epoch. */
  timestamp: number | null;
}

/** Receives each message. Its bytes are the listener's to keep. */
export type MessageListener = (message: Buffer, remote: RemoteInfo) => void;

/** The events of `Socket`. */
export interface SocketEvents {
  /** A message was received. */
  message: Parameters<MessageListener>;
  /** `bind` is done. */
  listening: [];
  /** `connect` is done. */
  connect: [];
  /** With `reconnect`: the peer is gone. `connect` follows when it is back. */
  disconnect: [error: Error];
  /** The connected peer has no room: this message was not sent. */
  congestion: [message: DgramData];
  /** There is room again after congestion. */
  writable: [];
  /** An error that no callback gets. */
  error: [error: Error];
  /** `close` is done; no event follows. */
  close: [];
}
