import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import { EBADF, ENOSYS } from '../native/errno.js';
import {
  check,
  codedError,
  invalidArgType,
  invalidArgValue,
  systemError,
  unavailable,
} from './errors.js';
import {
  type FileKind,
  kindOf,
  type SocketDomain,
  type SocketKind,
  type SocketType,
  socketOf,
} from './file-kind.js';
import {
  type FileReadOptions,
  type FileWriteOptions,
  readStreamOf,
  writeStreamOf,
} from './file-streams.js';
import { Known } from './known.js';
import { register, unregister, watchSoon } from './leak-watch.js';
import { OF_A_NET_SERVER, OF_A_NET_SOCKET } from './omitted-options.js';
import { kWatch } from './symbols.js';
import { markAsUncloneable } from './uncloneable.js';
import { bytesOf, type Data, descriptorNumber, optionsOf } from './validate.js';

export type { FileKind, SocketDomain, SocketType } from './file-kind.js';

/** @internal Says that the addon owns a descriptor by its number. */
export const OWNED = Symbol('owned');

// Taken at load: a patch of node:fs made later must not see these descriptors.
const { closeSync } = fs;

/** The address families whose stream sockets node:net takes. */
const networks: readonly SocketDomain[] = ['unix', 'inet', 'inet6'];

/**
 * Owns one open descriptor, until `close()`, `detach()` or a conversion hands it on. Received
 * descriptors always come as one, close-on-exec. One that is collected unclosed is closed then, and
 * the first in a thread gives a warning (`AFUNIX_FD_LEAK`) that names the socket that brought it;
 * one that is open when its worker ends is closed with it.
 *
 * The conversions hand the descriptor on to what they return. One that does not fit throws
 * `ERR_INVALID_ARG_VALUE`, and the descriptor stays here, open. `fromFd()` of `afunix` makes a socket
 * of this package of it.
 */
export class FileDescriptor implements Disposable {
  #fd: number;
  #kind: FileKind | undefined;
  #registered = false;
  readonly #origin: string;

  /**
   * Takes ownership of the open descriptor `fd`. Throws `EBADF` if it is not open and `ERR_*` if it
   * is no descriptor's number; ownership then stays. `origin` says where it came from, for warnings.
   *
   * In a worker Node closes what the worker's `fs` opened, by its number, when the worker ends. There
   * this takes a close-on-exec duplicate of what open(2) can make (a file, a directory, a FIFO, a
   * device), and gives `fd` back to Node by `fs.closeSync(fd)`: the property `fd` is then another
   * number. Throws `EMFILE` if there is none left; ownership then stays. The process's locks of
   * fcntl(2) on the file end. Node warns of a number that this worker's `fs` did not open ("closed but
   * not opened in unmanaged mode").
   */
  constructor(fd: number, origin?: string);
  /** @internal `owned`: the addon has it by its number already. */
  constructor(fd: number, origin: string, owned: typeof OWNED);
  constructor(fd: number, origin = 'adopted', owned?: typeof OWNED) {
    this.#fd = owned === OWNED ? fd : adopt(descriptorNumber('fd', fd));
    this.#origin = origin;
    watchSoon(this);
    markAsUncloneable(this);
  }

  /** @internal Has the descriptor closed when this is collected, if it is open still. */
  [kWatch](): void {
    if (this.#fd < 0) return;
    this.#registered = true;
    register(this, this.#fd, this.#origin);
  }

  /**
   * Makes a file in memory that holds `data`, sealed: nobody can change it any more, neither here nor where
   * it is sent. To pass more than a message takes, as journald and D-Bus services expect it. `name`, up to
   * 249 bytes, is for those who look at /proc. Linux (memfd_create(2), F_ADD_SEALS in fcntl(2)), else
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`; `EMFILE`, `ENOMEM`, `EINVAL` for a longer name.
   */
  static sealed(data: Data, name = 'afunix'): FileDescriptor {
    const bytes = bytesOf('data', data);
    if (typeof name !== 'string') throw invalidArgType('name', 'of type string', name);
    if (name.includes('\0')) throw invalidArgValue('name', 'must be without null bytes', name);
    const fd = native.descriptors.sealedFile(Buffer.from(name), bytes);
    if (fd === ENOSYS) throw unavailable('memfd_create');
    return new FileDescriptor(check('memfd_create', fd), name, OWNED);
  }

  /** The descriptor's number, still owned by this object; -1 once closed or handed on. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether it was closed or handed on. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /**
   * The kind of file that it refers to (fstat(2)). `'anonymous'` is a descriptor without a file type: epoll, eventfd,
   * timerfd, pidfd. Throws `ERR_SOCKET_CLOSED` once closed.
   */
  get kind(): FileKind {
    if (this.#kind === undefined) {
      this.#kind = kindOf(this.#live());
    }
    return this.#kind;
  }

  /** A socket's address family; null for what is no socket. */
  get domain(): SocketDomain | null {
    return this.#socket()?.domain ?? null;
  }

  /** A socket's type (SO_TYPE); null for what is no socket. */
  get type(): SocketType | null {
    return this.#socket()?.type ?? null;
  }

  /** Whether it is a socket that listens (SO_ACCEPTCONN). */
  get listening(): boolean {
    return this.#socket()?.listening ?? false;
  }

  /** Closes it. Idempotent. */
  close(): void {
    if (this.#fd < 0) return;
    native.descriptors.close(this.#release());
  }

  /** Calls `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Returns the descriptor's number, which is the caller's to close from here on. Node's `fs` does not know
   * it: `fs.close()` in a worker warns ("closed but not opened in unmanaged mode"), and closes it.
   */
  detach(): number {
    this.#live();
    const fd = this.#release();
    native.descriptors.disown(fd);
    return fd;
  }

  /** Makes a duplicate with an owner of its own, close-on-exec. Throws `EMFILE`. */
  dup(): FileDescriptor {
    return duplicate(this.#live(), this.#origin);
  }

  /**
   * Returns a `net.Socket` for a connected stream socket, TCP or Unix, or a pipe. It reads at once, into its
   * own buffer, unless `pauseOnCreate` is true.
   */
  toNetSocket(options?: {
    readable?: boolean;
    writable?: boolean;
    allowHalfOpen?: boolean;
    pauseOnCreate?: boolean;
  }): net.Socket {
    const socketOptions = { ...OF_A_NET_SOCKET, ...optionsOf(options, NET_SOCKET) };
    this.#requireSocket('a connected stream socket or a pipe', 'stream', false, networks, 'pipe');
    return this.#handOn(
      (fd) => new net.Socket({ readable: true, writable: true, ...socketOptions, fd }),
    );
  }

  /**
   * Returns a `net.Server` for a listening stream socket, TCP or Unix. It emits `'listening'`, then accepts.
   * Hand its connections to an `http.Server` with `emit('connection', socket)`, or let that one listen
   * on `detach()`'s number. Not in a `node:cluster` worker, where Node asks the primary for servers.
   */
  toNetServer(options?: net.ServerOpts): net.Server {
    const serverOptions = {
      ...OF_A_NET_SERVER,
      ...optionsOf(options, NET_SERVER),
    } as net.ServerOpts;
    this.#requireSocket('a listening stream socket', 'stream', true, networks);
    return this.#handOn((fd) => net.createServer(serverOptions).listen(bare({ fd })));
  }

  /** Returns a `dgram.Socket`, bound, for a UDP socket. */
  toDgramSocket(): dgram.Socket {
    const domain = this.#requireSocket('a UDP socket', 'datagram', false, ['inet', 'inet6']);
    return this.#handOn((fd) => {
      const socket = dgram.createSocket(domain === 'inet' ? 'udp4' : 'udp6');
      socket.bind({ fd, exclusive: true });
      return socket;
    });
  }

  /**
   * Returns an `fs.ReadStream` of a file, a pipe or a device, which owns the descriptor from then on. A
   * regular file is read by position (pread(2)), from `start` on: the offset that the descriptor shares with its
   * duplicates, those of who sent it among them, is neither used nor moved. Throws `ERR_INVALID_ARG_VALUE` for
   * an unknown option, and for `start` or `end` of what is no regular file, `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`.
   */
  toReadStream(options?: FileReadOptions): fs.ReadStream {
    this.#requireFile();
    const stream = readStreamOf(this.#live(), this.kind, options);
    this.#release();
    return stream;
  }

  /**
   * Returns an `fs.WriteStream` to a file, a pipe or a device, which owns the descriptor from then on. With
   * `start` it writes by position (pwrite(2)). Without it, it writes where the offset stands that the
   * descriptor shares with its duplicates, and moves it, as write(2) does. A descriptor opened with O_APPEND
   * writes at the file's end either way. Throws as `toReadStream`.
   */
  toWriteStream(options?: FileWriteOptions): fs.WriteStream {
    this.#requireFile();
    const stream = writeStreamOf(this.#live(), this.kind, options);
    this.#release();
    return stream;
  }

  #live(): number {
    if (this.#fd < 0) throw closedDescriptorError();
    return this.#fd;
  }

  #socket(): SocketKind | null {
    const fd = this.#live();
    if (this.#kind !== undefined && this.#kind !== 'socket') return null;
    const socket = socketOf(fd);
    if (socket !== null) this.#kind = 'socket';
    return socket;
  }

  #requireSocket(
    what: string,
    type: SocketType,
    listening: boolean,
    among: readonly SocketDomain[],
    orKind?: FileKind,
  ): SocketDomain | null {
    const socket = this.#socket();
    if (socket === null && this.kind === orKind) return null;
    if (socket?.type === type && socket.listening === listening && among.includes(socket.domain)) {
      return socket.domain;
    }
    throw this.#unfit(what);
  }

  #requireFile(): void {
    const { kind } = this;
    if (kind === 'socket' || kind === 'directory') throw this.#unfit('a file, a pipe or a device');
  }

  #unfit(what: string): TypeError {
    const socket = this.#socket();
    const is =
      socket === null
        ? this.kind
        : `${socket.listening ? 'listening ' : ''}${socket.domain} ${socket.type} socket`;
    return invalidArgValue('fd', `must be ${what}`, `${is} ${this.#fd}`);
  }

  /** Gives the descriptor to the object that `make` returns. It stays here if `make` throws. */
  #handOn<T>(make: (fd: number) => T): T {
    const fd = this.#live();
    // Disown it first. If a worker ends in between, it may stay open, but it is never closed twice.
    native.descriptors.disown(fd);
    try {
      const made = make(fd);
      this.#release();
      return made;
    } catch (error) {
      native.descriptors.own(fd);
      throw error;
    }
  }

  #release(): number {
    const fd = this.#fd;
    this.#fd = -1;
    if (this.#registered) unregister(this);
    return fd;
  }
}

const NET_SOCKET = new Known<NonNullable<Parameters<FileDescriptor['toNetSocket']>[0]>>(
  'toNetSocket',
  { readable: 1, writable: 1, allowHalfOpen: 1, pauseOnCreate: 1 },
);
const NET_SERVER = new Known<net.ServerOpts & { blockList?: unknown }>('toNetServer', {
  ...{ allowHalfOpen: 1, pauseOnConnect: 1, highWaterMark: 1, noDelay: 1, keepAlive: 1 },
  ...{ keepAliveInitialDelay: 1, blockList: 1 },
});

/** Makes the error of a `FileDescriptor` that owns no descriptor any more. */
export function closedDescriptorError(): Error {
  const message = 'The file descriptor is closed or was handed on';
  return codedError(Error, 'ERR_SOCKET_CLOSED', message);
}

/** Makes the addon the owner of `fd`. Returns the number that it owns. */
function adopt(fd: number): number {
  const { descriptors } = native;
  // No open(2) makes a socket, or what has no file type: Node's fs cannot have opened those.
  if (isMainThread || descriptors.socketKind(fd) >= 0 || kindOf(fd) === 'anonymous') {
    if (!descriptors.own(fd)) throw systemError('fstat', EBADF);
    return fd;
  }
  const copy = check('dup', native.descriptors.duplicate(fd));
  try {
    closeSync(fd); // Node forgets the number, which it would close when the worker ends
  } catch {
    // The number is free all the same, close(2).
  }
  return copy;
}

/** Makes a duplicate of `fd` with an owner of its own. */
export function duplicate(fd: number, origin = 'duplicate'): FileDescriptor {
  return new FileDescriptor(check('dup', native.descriptors.duplicate(fd)), origin, OWNED);
}
