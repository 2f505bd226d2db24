// The events of afunix/net, and what their listeners get.
import type { AddressLike } from '../core/address.js';
import type { Credentials } from '../core/credentials.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import type { Peer } from '../io/peer.js';

/** A listener whose arguments are not typed. */
// biome-ignore lint/suspicious/noExplicitAny: as EventEmitter declares it
export type AnyListener = (...values: any[]) => void;

/** The events of a `Socket`. */
export interface SocketEvents {
  /** The socket is closed. `hadError`: after an error. */
  close: [hadError: boolean];
  /** The socket is connected. */
  connect: [];
  /** `connect()` begins to connect to `path`. */
  connectionAttempt: [path: AddressLike];
  /** `connect()` has failed. 'error' and 'close' follow. */
  connectionAttemptFailed: [path: AddressLike, port: undefined, family: undefined, error: Error];
  /** The sender of the next 'data' has these credentials. */
  credentials: [credentials: Credentials];
  /** Bytes, or text after `setEncoding()`. */
  data: [data: Buffer];
  /** There is room for more writes. */
  drain: [];
  /** The peer has ended its side. */
  end: [];
  /** The socket failed. 'close' follows. */
  error: [error: Error];
  /** Descriptors that belong to the next 'data'; `truncated`: more were sent than `maxFds`. */
  fds: [fds: FileDescriptor[], truncated: boolean];
  /** All is written, and this side has ended. */
  finish: [];
  /** Follows 'connect'. */
  ready: [];
  /** Nothing was read or written for the time of `setTimeout()`. */
  timeout: [];
}

/** The events of a `Server` whose connections are of class `Socket`. */
export interface ServerEvents<Socket> {
  /** The server and all its connections are closed. */
  close: [];
  /** A connection was accepted. */
  connection: [socket: Socket];
  /** A connection was closed, over `maxConnections` or because `authorize` refused this peer. */
  drop: [peer?: Peer];
  /** The server failed. */
  error: [error: Error];
  /** The server listens. */
  listening: [];
}
