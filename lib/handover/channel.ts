// Messages between processes that hand descriptors on: lines of JSON on a stream, each with its descriptors.
import { Buffer } from 'node:buffer';
import type { Credentials } from '../core/credentials.js';
import { closeAll, type FdLike } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import type { ReadOptions, WriteOptions } from '../sockets/options.js';
import type { UnixStream } from '../sockets/stream.js';

/** A message that came, and its descriptors, which are the receiver's. */
export interface Received<T> {
  readonly message: T;
  readonly fds: readonly FileDescriptor[];
}

/** What a line holds. */
interface Line<T> {
  readonly message: T;
  /** How many of the descriptors that came are this line's. */
  readonly fds: number;
}

const NEW_LINE = 10;
/** The most bytes of a line that are read. No handover needs as many. */
const MAX_LINE = 1 << 20;

/** Sends and receives messages of type `T`. The socket must accept descriptors. */
export class Channel<T> {
  readonly #socket: UnixStream;
  #bytes: Buffer = Buffer.alloc(0);
  /** Descriptors that came, in their order. A line may come after those of the next one. */
  #fds: FileDescriptor[] = [];

  /** Takes the socket over. */
  constructor(socket: UnixStream) {
    this.#socket = socket;
  }

  /** The process at the other end. */
  get peer(): Credentials {
    return this.#socket.peerCredentials() ?? { pid: -1, uid: -1, gid: -1 };
  }

  /** Resolves when the kernel has the message. */
  send(message: T, fds: readonly FdLike[] = [], signal?: AbortSignal): Promise<void> {
    const line: Line<T> = { message, fds: fds.length };
    const options: WriteOptions = signal === undefined ? { fds } : { fds, signal };
    return this.#socket.write(`${JSON.stringify(line)}\n`, options);
  }

  /** Returns the next message. Undefined if the other end has closed, died, or sends something else. */
  async receive(signal?: AbortSignal): Promise<Received<T> | undefined> {
    const options: ReadOptions = signal === undefined ? {} : { signal };
    for (;;) {
      const end = this.#bytes.indexOf(NEW_LINE);
      if (end >= 0) return this.#take(end);
      if (this.#bytes.length > MAX_LINE) return undefined;
      try {
        const received = await this.#socket.receive(options);
        if (received === null) return undefined;
        this.#bytes = Buffer.concat([this.#bytes, received.data]);
        this.#fds.push(...received.fds);
      } catch (error) {
        if (signal?.aborted) throw error;
        return undefined; // ECONNRESET, or closed here
      }
    }
  }

  #take(end: number): Received<T> | undefined {
    const text = this.#bytes.toString('utf8', 0, end);
    this.#bytes = this.#bytes.subarray(end + 1);
    try {
      const { message, fds } = JSON.parse(text) as Line<T>;
      return { message, fds: this.#fds.splice(0, fds) };
    } catch {
      return undefined;
    }
  }

  /** Lets the process end although a message is awaited. */
  unref(): void {
    this.#socket.unref();
  }

  /** Closes the socket, and the descriptors that nobody took. */
  async close(): Promise<void> {
    closeAll(this.#fds);
    this.#fds = [];
    await this.#socket.close();
  }
}

/** Whether a send failed because the other process has ended, or was left. */
export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_SOCKET_CLOSED';
}
