import type dgram from 'node:dgram';
import type fs from 'node:fs';
import type net from 'node:net';
import type { InspectOptions } from 'node:util';
import { native, READABLE, WRITABLE } from '../native/binding.js';
import { adopt } from './adopt.js';
import { CONSTRUCTING } from './constructing.js';
import {
  dgramSocketOf,
  type Make,
  type NetSocketOptions,
  netServerOf,
  netSocketOf,
  requireFile,
} from './conversions.js';
import { check, closedDescriptorError, type SystemError, systemError } from './errors.js';
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
import { type Description, inspected, kInspect } from './inspection.js';
import { register, unregister, watchSoon } from './leak-watch.js';
import {
  type MapOptions,
  type MemoryMap,
  mapOf,
  memoryFile,
  type Seal,
  sealedFile,
  sealsOf,
} from './memory-map.js';
import { type WaitOptions, Waits } from './readiness.js';
import { kWatch } from './symbols.js';
import { markAsUncloneable } from './uncloneable.js';
import { type Data, descriptorNumber } from './validate.js';

export type { FileKind, SocketDomain, SocketType } from './file-kind.js';

/** @internal Says that the addon owns a descriptor by its number. */
export const OWNED = Symbol('owned');

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
  /** The waits that have not ended. */
  #waits: Waits | undefined;
  readonly #origin: string;
  /**
   * Why the kernel refused it to this process, with the option `fdPlaceholders`: it only holds the place of a descriptor,
   * is closed from the start, and what needs an open one throws this error (EPERM, EACCES, EMFILE). Null for all others.
   */
  readonly refusal: SystemError | null;

  /**
   * Takes ownership of the open descriptor `fd`. Throws `EBADF` if it is not open and `ERR_*` if it
   * is no descriptor's number; ownership then stays. `origin` says where it came from, for warnings.
   *
   * In a worker Node closes what the worker's `fs` opened, by its number, when the worker ends. There
   * this takes a close-on-exec duplicate of what open(2) can make (a file, a directory, a FIFO, a
   * device), and gives `fd` back to Node by `fs.closeSync(fd)`: the property `fd` is then another
   * number. Throws `EMFILE` if there is none left; ownership then stays. The process's locks of
   * fcntl(2) on the file end. Node warns of a number that this worker's `fs` did not open ("closed but
   * not opened in unmanaged mode"). Deno's `fs` closes in every thread what it opened: of that, and of
   * nothing else, a duplicate is taken there.
   */
  constructor(fd: number, origin?: string);
  /** @internal `owned`: the addon has it by its number already; a negative one is the errno of its refusal. */
  constructor(fd: number, origin: string, owned: typeof OWNED);
  constructor(fd: number, origin = 'adopted', owned?: typeof OWNED) {
    const number = owned === OWNED ? fd : adopt(descriptorNumber('fd', fd));
    this.#fd = Math.max(number, -1);
    this.#origin = origin;
    this.refusal = number < 0 ? systemError('recvmsg', number) : null;
    if (number >= 0) watchSoon(this);
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
    return new FileDescriptor(sealedFile(data, name), name, OWNED);
  }

  /**
   * Makes a file in memory of `size` bytes, zeros, to share with other processes: send it, and `map()` it on both sides.
   * It can neither shrink nor grow; its memory is allocated at once. Throws as `sealed()`, and `ERR_OUT_OF_RANGE`.
   */
  static memory(size: number, name = 'afunix'): FileDescriptor {
    return new FileDescriptor(memoryFile(size, name), name, OWNED);
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
    this.#kind ??= kindOf(this.#live());
    return this.#kind;
  }

  /**
   * How it was opened: the access mode and the flags `O_*` of `fs.constants`, as bits (F_GETFL in fcntl(2)). It is open to
   * read alone if `(flags & (O_RDONLY | O_WRONLY | O_RDWR)) === O_RDONLY`. Linux adds O_LARGEFILE, and gives a pidfd or an
   * eventfd O_RDWR. Read anew each time: who has a duplicate may change O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT and
   * O_NOATIME for all. Throws `ERR_SOCKET_CLOSED` once closed.
   */
  get flags(): number {
    return check('fcntl', native.descriptors.flags(this.#live()));
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

  /**
   * What nobody can do to it any more (F_GET_SEALS in fcntl(2), Linux); null for what can have no seals, as a file on a
   * disk. Check what another process has sent: `['shrink', 'grow', 'write']` for contents that never change.
   */
  get seals(): readonly Seal[] | null {
    return sealsOf(this.#live());
  }

  /**
   * Maps all of a file in memory, such as `memory()` or `sealed()` has made here or in another process (mmap(2), Linux).
   * With `writable` all who map it so share the memory. Without, what is written here stays here, and what others write
   * is seen until then, page by page. docs/descriptors.md says how to use it safely. Throws `ERR_INVALID_ARG_VALUE`
   * unless it has the seal `shrink`: of a file that becomes shorter a read would end the process. `EPERM` to write to
   * what is sealed, `EACCES` to what is open to read only, `ENOMEM`, `ERR_OUT_OF_RANGE` for more than
   * `buffer.constants.MAX_LENGTH`, `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` where memory cannot be shared.
   */
  map(options?: MapOptions): MemoryMap {
    return mapOf(CONSTRUCTING, this.#live(), options);
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

  /**
   * Resolves when a read would not wait: bytes, the end of a stream, an event of an eventfd, timerfd, inotify, pidfd or
   * tty are there, or an error or a hang-up. Nothing is read, and another reader may be faster. The object stays open
   * while this waits. Rejects with EPERM for what epoll(7) cannot watch, such as a regular file or a directory (a read of
   * those never waits), EMFILE (the wait takes one descriptor), an `AbortError`, and `ERR_SOCKET_CLOSED` when the
   * object is closed or hands its descriptor on. See poll(2).
   */
  readable(options?: WaitOptions): Promise<void> {
    return this.#wait(READABLE, options);
  }

  /**
   * Resolves when a write would not wait, or would fail. Rejects as `readable()`. Room for one byte may be all there is:
   * the descriptor should have O_NONBLOCK, or a longer write waits.
   */
  writable(options?: WaitOptions): Promise<void> {
    return this.#wait(WRITABLE, options);
  }

  #wait(event: number, options: WaitOptions | undefined): Promise<void> {
    try {
      const fd = this.#live();
      this.#waits ??= new Waits();
      return this.#waits.begin(this, fd, event, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Makes a duplicate with an owner of its own, close-on-exec. Throws `EMFILE`. */
  dup(): FileDescriptor {
    return duplicate(this.#live(), this.#origin);
  }

  /**
   * Returns a `net.Socket` for a connected stream socket, TCP or Unix, or a pipe. It reads at once, into its
   * own buffer, unless `pauseOnCreate` is true. On Bun `readable: false`, `writable: false` and
   * `pauseOnCreate: true` throw `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for a socket, and a pipe is written to with calls that wait.
   */
  toNetSocket(options?: NetSocketOptions): net.Socket {
    return this.#handOn(netSocketOf(this.#live(), options));
  }

  /**
   * Returns a `net.Server` for a listening stream socket, TCP or Unix. It emits `'listening'`, then accepts.
   * An `http.Server` rather listens itself, on `detach()`'s number or by `attach()` of `afunix/net`: of connections
   * that are handed to it with `emit('connection')` its timeouts and its `close()` know nothing. Not in a `node:cluster` worker, where Node asks the primary for servers.
   */
  toNetServer(options?: net.ServerOpts): net.Server {
    return this.#handOn(netServerOf(this.#live(), options));
  }

  /** Returns a `dgram.Socket`, bound, for a UDP socket. On Bun it is bound once it emits `'listening'`. */
  toDgramSocket(): dgram.Socket {
    return this.#handOn(dgramSocketOf(this.#live()));
  }

  /**
   * Returns an `fs.ReadStream` of a file, a pipe or a device, which owns the descriptor from then on. A
   * regular file is read by position (pread(2)), from `start` on: the offset that the descriptor shares with its
   * duplicates is neither used nor moved. Throws `ERR_INVALID_ARG_VALUE` for an unknown option, and for `start` or
   * `end` of what is no regular file, `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`. Deno opens a file once more: of
   * all else this is `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` there.
   */
  toReadStream(options?: FileReadOptions): fs.ReadStream {
    requireFile(this.#live(), this.kind);
    const stream = readStreamOf(this.#live(), this.kind, options);
    this.#release();
    return stream;
  }

  /**
   * Returns an `fs.WriteStream` to a file, a pipe or a device, which owns the descriptor from then on. With
   * `start` it writes by position (pwrite(2)), without it where the offset stands that the descriptor shares with
   * its duplicates, and moves that, as write(2) does; with O_APPEND at the file's end. Throws as `toReadStream`.
   */
  toWriteStream(options?: FileWriteOptions): fs.WriteStream {
    requireFile(this.#live(), this.kind);
    const stream = writeStreamOf(this.#live(), this.kind, options);
    this.#release();
    return stream;
  }

  /** Returns what `JSON.stringify` and `console.log` show: its number and kind, or that it is closed. */
  toJSON(): Description {
    if (this.refusal !== null) return { closed: true, refusal: this.refusal.code };
    if (this.#fd < 0) return { closed: true };
    const known = { fd: this.#fd, origin: this.#origin };
    try {
      return { ...known, kind: this.kind, ...this.#socket() };
    } catch {
      return known; // somebody closed it by its number
    }
  }

  /** @internal */
  [kInspect](depth: number, options: InspectOptions): string {
    return inspected(this, depth, options);
  }

  #live(): number {
    if (this.#fd < 0) throw this.refusal ?? closedDescriptorError();
    return this.#fd;
  }

  #socket(): SocketKind | null {
    const fd = this.#live();
    if (this.#kind !== undefined && this.#kind !== 'socket') return null;
    const socket = socketOf(fd);
    if (socket !== null) this.#kind = 'socket';
    return socket;
  }

  /** Gives the descriptor to the object that `make` returns. It stays here if `make` throws. */
  #handOn<T>(make: Make<T>): T {
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
    this.#waits?.cancel(closedDescriptorError());
    return fd;
  }
}

/** Makes a duplicate of `fd` with an owner of its own. */
export function duplicate(fd: number, origin = 'duplicate'): FileDescriptor {
  return new FileDescriptor(check('dup', native.descriptors.duplicate(fd)), origin, OWNED);
}
