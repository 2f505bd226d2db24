import fs from 'node:fs';
import net from 'node:net';
import { descriptorNumber } from './arguments.js';
import {
  check,
  closedError,
  codedError,
  invalidArgType,
  outOfRange,
  systemError,
} from './errors.js';
import { native } from './native.js';

/** What a descriptor refers to. */
export type FileKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'pipe'
  | 'socket'
  | 'character'
  | 'block'
  | 'anonymous';

/** The most descriptors one message carries: the kernel's SCM_MAX_FD. */
export const MAX_FDS = 253;

const constants = native.constants;
const kinds = new Map<number | undefined, FileKind>([
  [constants.S_IFREG, 'file'],
  [constants.S_IFDIR, 'directory'],
  [constants.S_IFLNK, 'symlink'],
  [constants.S_IFIFO, 'pipe'],
  [constants.S_IFSOCK, 'socket'],
  [constants.S_IFCHR, 'character'],
  [constants.S_IFBLK, 'block'],
]);

const collected = new FinalizationRegistry<{ fd: number; origin: string }>(({ fd, origin }) => {
  native.closeOwned(fd);
  process.emitWarning(
    `Descriptor ${fd} (${origin}) was collected without close(); it is closed now. Close it, or declare it with \`using\`.`,
    { type: 'Warning', code: 'AFUNIX_FD_LEAK' },
  );
});

/**
 * Owns one open descriptor, until `close()`, `detach()` or a conversion hands it on. Received
 * descriptors always come as one, close-on-exec. One that is collected unclosed is closed then, with
 * a process warning (`AFUNIX_FD_LEAK`); one that is open when its worker ends is closed with it.
 */
export class FileDescriptor implements Disposable {
  #fd: number;
  #kind: FileKind | undefined;
  readonly #origin: string;

  /**
   * Takes ownership of the open descriptor `fd`. Throws `EBADF` if it is not open and `ERR_*` if it
   * is no descriptor's number.
   */
  constructor(fd: number, origin = 'adopted') {
    descriptorNumber('fd', fd);
    const stat = native.raw.fstat(fd);
    if (typeof stat === 'number') throw systemError('fstat', stat);
    this.#fd = fd;
    this.#origin = origin;
    native.own(fd);
    collected.register(this, { fd, origin }, this);
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
   * What it refers to (fstat(2)). `'anonymous'` is a descriptor without a file type: epoll, eventfd,
   * timerfd, pidfd. Throws `ERR_SOCKET_CLOSED` once closed.
   */
  get kind(): FileKind {
    if (this.#kind === undefined) {
      const stat = native.raw.fstat(this.#live());
      if (typeof stat === 'number') throw systemError('fstat', stat);
      this.#kind = kinds.get(stat.mode & (constants.S_IFMT ?? 0o170000)) ?? 'anonymous';
    }
    return this.#kind;
  }

  /** Closes it. Twice is once. */
  close(): void {
    if (this.#fd < 0) return;
    native.closeOwned(this.#release());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The descriptor's number, which is the caller's to close from here on. */
  detach(): number {
    this.#live();
    const fd = this.#release();
    native.disown(fd);
    return fd;
  }

  /** A duplicate with an owner of its own, close-on-exec. Throws `EMFILE`. */
  dup(): FileDescriptor {
    return duplicate(this.#live(), this.#origin);
  }

  /** A `net.Socket` for a connected stream socket or a pipe. It owns the descriptor from here on. */
  toNetSocket(
    options: { readable?: boolean; writable?: boolean; allowHalfOpen?: boolean } = {},
  ): net.Socket {
    const socket = new net.Socket({ readable: true, writable: true, ...options, fd: this.#live() });
    this.detach();
    return socket;
  }

  /**
   * A `net.Server` for a listening stream socket, listening from the next tick on. It owns the
   * descriptor from here on.
   */
  toNetServer(): net.Server {
    const server = net.createServer();
    server.listen({ fd: this.#live() });
    this.detach();
    return server;
  }

  /** An `fs.ReadStream`, which owns the descriptor from here on. */
  toReadStream(): fs.ReadStream {
    this.#live();
    return fs.createReadStream('', { fd: this.detach() });
  }

  /** An `fs.WriteStream`, which owns the descriptor from here on. */
  toWriteStream(): fs.WriteStream {
    this.#live();
    return fs.createWriteStream('', { fd: this.detach() });
  }

  #live(): number {
    if (this.#fd < 0) {
      throw codedError(
        Error,
        'ERR_SOCKET_CLOSED',
        'The file descriptor is closed or was handed on',
      );
    }
    return this.#fd;
  }

  #release(): number {
    const fd = this.#fd;
    this.#fd = -1;
    collected.unregister(this);
    return fd;
  }
}

/** A duplicate of `fd` with an owner of its own. */
export function duplicate(fd: number, origin = 'duplicate'): FileDescriptor {
  return new FileDescriptor(check('dup', native.duplicateOwned(fd)), origin);
}

/** What can be sent as a descriptor. The sender keeps its own. */
export type Sendable = number | FileDescriptor | { readonly fd: number } | object;

/** The number of a descriptor to send. Throws `ERR_*` if it has none now. */
export function descriptorOf(value: unknown, name = 'fds'): number {
  if (typeof value === 'number') return descriptorNumber(name, value);
  if (value instanceof FileDescriptor && value.closed) throw closedError();
  if (typeof value === 'object' && value !== null) {
    const fd = numberIn(value) ?? numberIn((value as { _handle?: unknown })._handle);
    if (fd !== undefined) return fd;
  }
  throw invalidArgType(
    name,
    'descriptors: numbers, FileDescriptor, or open net.Socket, net.Server, dgram.Socket or fs.FileHandle',
    value,
  );
}

function numberIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fd = (value as { fd?: unknown }).fd;
  return typeof fd === 'number' && Number.isInteger(fd) && fd >= 0 ? fd : undefined;
}

/** The numbers of the descriptors to send; undefined for none. */
export function descriptorsOf(values: unknown): number[] | undefined {
  if (values === undefined || values === null) return undefined;
  if (!Array.isArray(values)) throw invalidArgType('fds', 'an instance of Array', values);
  if (values.length > MAX_FDS) {
    throw outOfRange('fds.length', `at most ${MAX_FDS}, the kernel's limit`, values.length);
  }
  return values.length === 0 ? undefined : values.map((value) => descriptorOf(value));
}
