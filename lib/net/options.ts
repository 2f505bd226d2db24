// The options of afunix/net: those of node:net that a local socket has, and this package's own.
import type { DuplexOptions } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import { type AddressLike, isAddressLike, UnixAddress } from '../core/address.js';
import { invalidArgValue, missingArgs } from '../core/errors.js';
import { FileDescriptor } from '../core/file-descriptor.js';
import { Known, type Names } from '../core/known.js';
import { timeoutOf } from '../core/timeout.js';
import { checkSignalType, memberOf, optionsOf, type Parsed } from '../core/validate.js';
import { BIND_DATAGRAM } from '../io/message-options.js';
import {
  type AuthorizeOptions,
  type BindOptions,
  LISTEN,
  type ReceiveOptions,
  receiveSettings,
  unlinksOnClose,
} from '../io/options.js';

/**
 * Reads into the caller's own memory instead of 'data' events, as node:net's `onread`. Not together
 * with `maxFds` or `credentials`, which need events of their own: ERR_INVALID_ARG_VALUE.
 */
export interface OnReadOptions {
  /**
   * The memory, or a function that returns the memory for the next read, called when the socket connects
   * and after each read. It stays the caller's; each read writes from its start on. Without a single byte:
   * ERR_INVALID_ARG_VALUE.
   */
  buffer: Uint8Array | (() => Uint8Array);
  /**
   * Called with the number of bytes read and the memory that begins with them; what follows them there
   * is old. `this` is the socket. Returning false stops reading until `socket.resume()` or `socket.read()`.
   */
  callback(bytesRead: number, buffer: Uint8Array): boolean | undefined;
}

/**
 * Options of a `Socket`: those of stream.Duplex, those of `net.Socket` that a local socket has, and
 * `maxFds`, `credentials` and `busyPoll`, which are this package's own. The object modes are refused with
 * ERR_INVALID_ARG_VALUE; `signal` destroys the socket with an AbortError.
 */
export interface SocketOptions
  extends DuplexOptions,
    Pick<ReceiveOptions, 'maxFds' | 'credentials' | 'busyPoll'> {
  /**
   * A connected Unix stream socket, a pipe or a FIFO to take over: from then on the socket owns it, and
   * closes it. Throws ERR_INVALID_FD_TYPE for anything else, and ERR_INVALID_ARG_VALUE for a socket that
   * listens; ownership then stays where it was. A pipe goes without `onread`, `maxFds` and `credentials`.
   */
  fd?: number | FileDescriptor;
  /** Whether an adopted socket has a readable side, and begins to read at once. Default true. */
  readable?: boolean;
  /** Whether an adopted socket has a writable side. Default true. */
  writable?: boolean;
  /** Reads into the caller's own memory, without 'data' events. */
  onread?: OnReadOptions;
  /** Leaves an adopted socket paused: `resume()` begins to read. Default false. */
  pauseOnCreate?: boolean;
}

/** Every option of this package. A function refuses those that it does not take. Others may be Node's. */
const OWN = Object.keys({ ...LISTEN, ...BIND_DATAGRAM });
const RECEIVED = ['maxFds', 'credentials', 'busyPoll'] as const;
const DUPLEX = ['allowHalfOpen', 'highWaterMark', 'signal', 'onread'] as const;

/** Returns the options of a function that takes `names`, and any that is none of this package. */
function withNodes<T>(of: string, names: readonly Extract<keyof T, string>[]): Known<T> {
  return new Known<T>(of, Object.fromEntries(names.map((name) => [name, 1])) as Names<T>, OWN);
}

const SOCKET = withNodes<SocketOptions>('Socket', [
  ...(['fd', 'readable', 'writable', 'pauseOnCreate'] as const),
  ...DUPLEX,
  ...RECEIVED,
]);
/** Options of `connect()` of the module, which makes a socket. */
export const CONNECT: Known<ConnectOptions> = withNodes<ConnectOptions>('connect', [
  ...(['path', 'timeout'] as const),
  ...DUPLEX,
  ...RECEIVED,
]);
/** Options of `connect()` of a socket, which changes nothing else of it. */
export const RECONNECT: Known<ConnectOptions> = withNodes<ConnectOptions>('Socket.connect', [
  'path',
]);
export const SERVER: Known<ServerOptions> = withNodes<ServerOptions>('Server', [
  ...(['allowHalfOpen', 'pauseOnConnect', 'highWaterMark', 'authorize'] as const),
  ...RECEIVED,
]);
const FILE = ['mode', 'owner', 'group', 'replace', 'unlinkOnClose', 'allowUnsafePath'] as const;
const WITH_PATH = [...FILE, 'readableAll', 'writableAll'] as const;
const LISTENING = withNodes<ListenOptions>('Server.listen', [
  ...(['path', 'fd', 'backlog', 'signal', 'exclusive'] as const),
  ...WITH_PATH,
]);

/**
 * Reads options. An inherited `fd` is not an option: it belongs to the object, such as a socket, which closes it.
 */
function readOptions<T extends { fd?: number | FileDescriptor }>(
  options: T | undefined,
  known: Known<T>,
): Parsed<T> {
  const parsed = optionsOf(options, known);
  if (parsed.fd !== undefined && !Object.hasOwn(options as T, 'fd')) delete parsed.fd;
  return parsed;
}

/** Checks the options of a `connect()`. Throws ERR_MISSING_ARGS without a path, and for a port. */
export function connectOptionsOf(
  options: ConnectOptions | AddressLike,
  known: Known<ConnectOptions>,
): Parsed<ConnectOptions> {
  const named = isAddressLike(options) ? { path: options } : options;
  const parsed =
    typeof named === 'object' && named !== null ? readOptions(named, known) : undefined;
  if (parsed?.path === undefined || parsed.path === null) throw missingArgs('options.path');
  // Checked before a socket is made, which would own the `fd`.
  UnixAddress.from(parsed.path);
  if (parsed.timeout) timeoutOf('msecs', parsed.timeout);
  return parsed;
}

/** Returns the listener among arguments that follow an address: the last one, if it is a function. */
export function listenerOf(rest: readonly unknown[]): (() => void) | undefined {
  const last = rest.at(-1);
  return typeof last === 'function' ? (last as () => void) : undefined;
}

/** Checks the options of a `listen()`. A number that is no descriptor's counts as none, as in node:net. */
export function listenOptionsOf(options: ListenOptions | AddressLike): Parsed<ListenOptions> {
  const parsed = readOptions(isAddressLike(options) ? { path: options } : options, LISTENING);
  const { fd } = parsed;
  if (fd === undefined) return parsed;
  if (!(fd instanceof FileDescriptor || (typeof fd === 'number' && fd >= 0))) {
    delete parsed.fd;
    return parsed;
  }
  unlinksOnClose(parsed.unlinkOnClose, false);
  for (const name of WITH_PATH) {
    if (name === 'unlinkOnClose') continue;
    const value = parsed[name];
    if (value !== undefined)
      throw invalidArgValue(`options.${name}`, 'goes with path alone', value);
  }
  return parsed;
}

/** Checked `SocketOptions`, those of a Duplex included. All connections of a server share one. */
export class SocketSettings {
  readonly maxFds: number;
  readonly credentials: boolean;
  readonly pidfds = false;
  readonly fdPlaceholders = false;
  readonly timestamps = false;
  readonly busyPoll: number;
  readonly onread: OnReadOptions | undefined;
  readonly fd: number | FileDescriptor | undefined;
  readonly readable: boolean | undefined;
  readonly writable: boolean | undefined;
  readonly pauseOnCreate: boolean | undefined;
  /** The option `signal`, under another name: Duplex would destroy a socket that is not complete. */
  readonly abort: AbortSignal | undefined;
  readonly signal: undefined;
  readonly allowHalfOpen: boolean;
  /** False: the socket emits 'close' itself, with whether there was an error, once the descriptor is closed. */
  readonly emitClose: boolean;
  readonly autoDestroy: boolean;
  readonly decodeStrings: boolean;

  constructor(options: SocketOptions | number | undefined) {
    const read = readOptions(
      typeof options === 'number' ? { fd: options } : (options ?? undefined),
      SOCKET,
    );
    for (const name of ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const) {
      if (read[name]) throw invalidArgValue(`options.${name}`, 'is not supported', read[name]);
    }
    // As in node:net, null and other false values mean no signal.
    const abort = read.signal || undefined;
    checkSignalType(abort, 'signal');
    // Options that only Duplex reads, such as highWaterMark, are passed on as they are.
    Object.assign(this, read);
    const { maxFds, credentials, busyPoll } = receiveSettings(read as Parsed<ReceiveOptions>);
    this.maxFds = maxFds;
    this.busyPoll = busyPoll;
    this.credentials = credentials;
    this.onread = onreadOf(read.onread);
    if (this.onread !== undefined && (maxFds > 0 || credentials)) {
      throw invalidArgValue('options.onread', 'goes without maxFds and credentials', read.onread);
    }
    this.allowHalfOpen = Boolean(read.allowHalfOpen);
    this.abort = abort;
    this.signal = undefined;
    this.emitClose = false;
    this.autoDestroy = true;
    this.decodeStrings = false;
  }
}

// Duplex reads many more options. It must not find them on Object.prototype.
Object.setPrototypeOf(SocketSettings.prototype, null);

function onreadOf(onread: OnReadOptions | undefined): OnReadOptions | undefined {
  if (typeof onread !== 'object' || onread === null) return undefined;
  const callback = memberOf(onread, 'callback');
  const buffer = memberOf(onread, 'buffer');
  // As in node:net, an incomplete one is none.
  if (typeof callback !== 'function') return undefined;
  if (typeof buffer !== 'function' && !isUint8Array(buffer)) return undefined;
  return { buffer, callback } as OnReadOptions;
}

/** Options of `connect`: the address, and the options of the socket that it makes. */
export interface ConnectOptions extends SocketOptions {
  /**
   * A pathname of any length, or an abstract name: a leading NUL, Linux (unix(7)). ERR_MISSING_ARGS
   * without it, ERR_INVALID_ARG_VALUE when it is empty.
   */
  path: AddressLike;
  /** Milliseconds of idleness until 'timeout', as `socket.setTimeout()`. Default 0: never. */
  timeout?: number;
}

/**
 * Options of a `Server`. `maxFds`, `credentials`, `busyPoll` and `authorize` are this package's own; the
 * first three are for its connections.
 */
export interface ServerOptions
  extends Pick<SocketOptions, 'maxFds' | 'credentials' | 'busyPoll'>,
    AuthorizeOptions {
  /** Whether a connection stays writable when its peer has ended. Default false. */
  allowHalfOpen?: boolean;
  /** Leaves connections paused: `resume()` begins to read. Default false. */
  pauseOnConnect?: boolean;
  /**
   * Bytes that each of a connection's two buffers holds before it asks to wait; default
   * `stream.getDefaultHighWaterMark()`. ERR_INVALID_ARG_TYPE for what is no number.
   */
  highWaterMark?: number;
}

/**
 * Options of `listen`, of which `path` or `fd` has to be there: else ERR_INVALID_ARG_VALUE. `mode` to
 * `allowUnsafePath` are this package's own.
 */
export interface ListenOptions
  extends Pick<
    BindOptions,
    'mode' | 'owner' | 'group' | 'replace' | 'unlinkOnClose' | 'allowUnsafePath'
  > {
  /** A pathname of any length, or an abstract name: a leading NUL, Linux (unix(7)). */
  path?: AddressLike;
  /**
   * A Unix stream socket to take over, in place of `path`: bound, or listening already. From then on the
   * server owns it, and closes it. An own property: an object that owns a descriptor itself is no options.
   * Its socket file stays on `close()`, unless `unlinkOnClose` is true; see `AdoptListenerOptions`. Anything else is an
   * 'error' event, EINVAL with the reason as `cause`; ownership then stays where it was. A negative number counts as no `fd`.
   */
  fd?: number | FileDescriptor;
  /**
   * Connections that may wait to be accepted. Default, and 0: 511. `net.core.somaxconn` caps it
   * (listen(2)); a negative number asks for that many. Of an `fd` that listens, a `backlog` changes it.
   */
  backlog?: number;
  /** All may read the socket file: adds 0o444 to `mode`; without `mode` it is all there is. */
  readableAll?: boolean;
  /** All may write it, which connecting needs: as `readableAll`, 0o222. */
  writableAll?: boolean;
  /** Closes the server as `close()` does; in the next tick, if it was aborted before. */
  signal?: AbortSignal;
  /** Accepted and without effect: every server is exclusive, `cluster` shares none. */
  exclusive?: boolean;
}
