// The pipe or FIFO behind a Socket of afunix/net, such as a shell's on stdin. No call for sockets works on it, so a
// socket of node:net reads and writes it.
import nodeNet from 'node:net';
import type { Duplex } from 'node:stream';
import { isatty } from 'node:tty';
import { closedError, codedError, invalidArgValue, invalidState } from '../core/errors.js';
import { numberOf } from '../core/fd-like.js';
import { FileDescriptor } from '../core/file-descriptor.js';
import { type SocketKind, socketOf } from '../core/file-kind.js';
import { nextTick } from '../core/timers.js';
import { native } from '../native/binding.js';
import { S_IFCHR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK } from '../native/constants.js';
import type { SocketImplementation } from './implementation.js';
import type { SocketSettings } from './options.js';
import type { Chunk, WriteCallback } from './writer.js';

/** Does the work of a `Socket` that took over a pipe. */
export class Pipe implements SocketImplementation {
  readonly readsIntoOwnMemory = false;
  readonly #socket: Duplex;
  readonly #settings: SocketSettings;
  #fd = -1;
  /** Null before `adopt()`, and once it is closed. */
  #pipe: nodeNet.Socket | null = null;
  #last: nodeNet.Socket | undefined;

  /** Throws ERR_INVALID_ARG_VALUE for options that a pipe cannot have. */
  constructor(socket: Duplex, settings: SocketSettings) {
    const { onread, maxFds, credentials } = settings;
    if (onread !== undefined || maxFds > 0 || credentials) {
      const reason = 'is a pipe, which goes without onread, maxFds and credentials';
      throw invalidArgValue('options.fd', reason, settings.fd);
    }
    this.#socket = socket;
    this.#settings = settings;
  }

  describe(): string {
    return `afunix/net Socket ${this.#fd}`;
  }

  get open(): boolean {
    return this.#pipe !== null;
  }

  get fd(): number {
    return this.#pipe === null ? -1 : this.#fd;
  }

  get bytesRead(): number {
    return this.#last?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    if (this.#last === undefined) return 0;
    const waiting = this.#socket.writableLength - this.#last.writableLength;
    return this.#last.bytesWritten + Math.max(0, waiting);
  }

  stats(): undefined {
    return undefined;
  }

  /** Adopts a descriptor. If that throws, the descriptor stays its owner's. */
  adopt(fd: number | FileDescriptor): void {
    const { readable, writable } = this.#settings;
    this.#fd = numberOf(fd);
    const pipe = new nodeNet.Socket({
      fd: this.#fd,
      readable: readable !== false,
      writable: writable !== false,
      allowHalfOpen: true,
      pauseOnCreate: true,
    } as nodeNet.SocketConstructorOpts);
    if (fd instanceof FileDescriptor) fd.detach();
    this.#pipe = this.#last = pipe;
    const socket = this.#socket;
    pipe.on('error', (error) => socket.destroy(error));
    pipe.on('timeout', () => socket.emit('timeout'));
    pipe.on('end', () => {
      socket.push(null);
      socket.read(0);
    });
  }

  startReading(): void {
    const pipe = this.#pipe;
    if (pipe === null) return;
    if (pipe.listenerCount('data') === 0) {
      pipe.on('data', (data) => this.#socket.push(data) || pipe.pause());
    }
    pipe.resume();
  }

  stopReading(): void {
    this.#pipe?.pause();
  }

  /** Throws ERR_INVALID_STATE. */
  connect(): never {
    throw invalidState('a pipe does not connect');
  }

  /** Throws ERR_INVALID_STATE. */
  attachDescriptors(): never {
    throw invalidState('a pipe takes no descriptors');
  }

  write(chunk: Uint8Array | string, encoding: BufferEncoding, done: WriteCallback): void {
    if (this.#pipe === null) done(closedError());
    else this.#pipe.write(chunk, encoding, done);
  }

  writeMany(chunks: Chunk[], done: WriteCallback): void {
    const last = chunks.pop();
    this.#pipe?.cork();
    for (const { chunk, encoding } of chunks) this.#pipe?.write(chunk, encoding);
    if (last !== undefined) this.write(last.chunk, last.encoding, done);
    this.#pipe?.uncork();
  }

  finish(done: WriteCallback): void {
    if (this.#pipe === null) done(closedError());
    else this.#pipe.end(done);
  }

  /** Closes the pipe and emits 'close', as `_destroy` of a stream does. */
  close(error: Error | null, done: (error: Error | null) => void): void {
    const pipe = this.#pipe;
    this.#pipe = null;
    done(error);
    if (pipe === null) return;
    // Of its own end, when both sides are done, it closes itself.
    if (pipe.closed) nextTick(() => this.#socket.emit('close', error !== null));
    else pipe.once('close', () => this.#socket.emit('close', error !== null)).destroy();
  }

  setIdleTimeout(milliseconds: number): void {
    this.#pipe?.setTimeout(milliseconds);
  }

  setReference(referenced: boolean): void {
    if (referenced) this.#pipe?.ref();
    else this.#pipe?.unref();
  }
}

/**
 * Whether a descriptor is a pipe or FIFO, and not a Unix stream socket. Throws ERR_INVALID_FD_TYPE for anything else, as
 * node:net does.
 */
export function isPipe(fd: number | FileDescriptor): boolean {
  const number = numberOf(fd);
  const mode = native.descriptors.mode(number);
  const type = mode < 0 ? 0 : mode & S_IFMT;
  if (type === S_IFIFO) return true;
  const socket = type === S_IFSOCK ? socketOf(number) : null;
  if (socket?.domain === 'unix' && socket.type === 'stream') return false;
  const message = `Unsupported fd type: ${nameOf(number, type, socket)}`;
  throw codedError(TypeError, 'ERR_INVALID_FD_TYPE', message);
}

/** Names what a descriptor is as node:net does. */
function nameOf(fd: number, type: number, socket: SocketKind | null): string {
  if (type === S_IFCHR && isatty(fd)) return 'TTY';
  if (type === S_IFREG || type === S_IFCHR) return 'FILE';
  if (socket?.domain !== 'inet' && socket?.domain !== 'inet6') return 'UNKNOWN';
  return { stream: 'TCP', datagram: 'UDP', seqpacket: 'UNKNOWN', other: 'UNKNOWN' }[socket.type];
}
