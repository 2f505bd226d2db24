// The options of afunix/net: those of node:net that a local socket has, and this package's own.
import type { DuplexOptions } from 'node:stream';
import type { AddressLike } from './address.js';
import { invalidArgType, invalidArgValue } from './errors.js';
import type { FileDescriptor } from './file-descriptor.js';
import {
  type AuthorizeOptions,
  type BindOptions,
  type ReceiveOptions,
  receiveSettings,
} from './options.js';

/** Reads into the caller's own memory instead of 'data' events, as node:net's `onread`. */
export interface OnReadOptions {
  /** The memory, or a function that returns the memory for the next read. */
  buffer: Uint8Array | (() => Uint8Array);
  /** Called with the bytes read and the memory they are in. Return false to pause. */
  callback(bytesRead: number, buffer: Uint8Array): boolean | undefined;
}

/** Options of a `Socket`; `maxFds`, `credentials` and `busyPoll` are this package's own. */
export interface SocketOptions
  extends DuplexOptions,
    Pick<ReceiveOptions, 'maxFds' | 'credentials' | 'busyPoll'> {
  /** A connected stream socket to take over. */
  fd?: number | FileDescriptor;
  /** Whether an adopted socket reads, and writes. Default true. */
  readable?: boolean;
  /** As `readable`. */
  writable?: boolean;
  /** Reads into the caller's own memory, without 'data' events. */
  onread?: OnReadOptions;
  /** Leaves an adopted socket paused. */
  pauseOnCreate?: boolean;
}

/** Checked `SocketOptions`, with those of a Duplex. A server has one for all its connections. */
export class SocketSettings {
  readonly maxFds: number;
  readonly credentials: boolean;
  readonly pidfds = false;
  readonly busyPoll: number;
  readonly onread: OnReadOptions | undefined;
  readonly fd: number | FileDescriptor | undefined;
  readonly readable: boolean | undefined;
  readonly pauseOnCreate: boolean | undefined;
  /** The signal. Not by its own name: Duplex would destroy a socket that is not whole yet. */
  readonly abort: AbortSignal | undefined;
  readonly signal: undefined;
  readonly allowHalfOpen: boolean;
  /** 'close' says whether there was an error, and comes once the descriptor is gone. */
  readonly emitClose: boolean;
  readonly autoDestroy: boolean;
  readonly decodeStrings: boolean;

  constructor(options: SocketOptions | number | undefined) {
    const given: SocketOptions = typeof options === 'number' ? { fd: options } : (options ?? {});
    for (const name of ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const) {
      if (given[name]) throw invalidArgValue(`options.${name}`, 'is not supported', given[name]);
    }
    if (given.signal !== undefined && !(given.signal instanceof AbortSignal)) {
      throw invalidArgType('options.signal', 'an instance of AbortSignal', given.signal);
    }
    // What is for Duplex alone, such as highWaterMark, goes to it as it is.
    Object.assign(this, given);
    const { maxFds, credentials, busyPoll } = receiveSettings(given);
    this.maxFds = maxFds;
    this.busyPoll = busyPoll;
    this.credentials = credentials;
    this.onread = typeof given.onread?.callback === 'function' ? given.onread : undefined;
    if (this.onread !== undefined && (maxFds > 0 || credentials)) {
      throw invalidArgValue('options.onread', 'goes without maxFds and credentials', given.onread);
    }
    this.allowHalfOpen = Boolean(given.allowHalfOpen);
    this.abort = given.signal;
    this.signal = undefined;
    this.emitClose = false;
    this.autoDestroy = true;
    this.decodeStrings = false;
  }
}

/** Options of `connect`. */
export interface ConnectOptions extends SocketOptions {
  /** A pathname or an abstract name. */
  path: AddressLike;
  /** Milliseconds of idleness until 'timeout', as `socket.setTimeout()`. */
  timeout?: number;
}

/** Options of a `Server`. `maxFds`, `credentials`, `busyPoll` and `authorize` are this package's own. */
export interface ServerOptions
  extends Pick<SocketOptions, 'maxFds' | 'credentials' | 'busyPoll'>,
    AuthorizeOptions {
  /** Whether a connection stays writable when its peer has ended. Default false. */
  allowHalfOpen?: boolean;
  /** Leaves connections paused: `resume()` begins to read. Default false. */
  pauseOnConnect?: boolean;
  /** Bytes that a connection's two buffers hold; default `stream.getDefaultHighWaterMark()`. */
  highWaterMark?: number;
}

/** Options of `listen`. `mode` to `allowUnsafePath` are this package's own. */
export interface ListenOptions
  extends Pick<BindOptions, 'mode' | 'replace' | 'unlinkOnClose' | 'allowUnsafePath'> {
  /** A pathname or an abstract name. */
  path?: AddressLike;
  /** A listening stream socket to take over, in place of `path`. Its file stays on `close()`. */
  fd?: number | FileDescriptor;
  /** Connections that may wait, default 511, capped by `net.core.somaxconn`. */
  backlog?: number;
  /** All may read the socket file: adds 0o444 to `mode`; without `mode` it is all there is. */
  readableAll?: boolean;
  /** All may write it, which connecting needs: as `readableAll`, 0o222. */
  writableAll?: boolean;
  /** Closes the server. */
  signal?: AbortSignal;
  /** Accepted and without effect: every server is exclusive, `cluster` shares none. */
  exclusive?: boolean;
}
