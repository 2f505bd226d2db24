import type { Ancillary } from '../core/ancillary.js';
import type { Credentials } from '../core/credentials.js';
import type { Deferred } from '../core/deferred.js';
import { closeAll } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';

/** The messages of one call to one destination: any number without ancillary data, or one with. */
export class PendingBatch {
  readonly deferred: Deferred<void>;
  #data: readonly Uint8Array[];
  /** Duplicates, closed when the message has gone or will not go. */
  readonly #fds: readonly FileDescriptor[] | undefined;
  readonly #credentials: Credentials | undefined;
  #next = 0;
  #bytes = 0;
  #error: Error | undefined;

  constructor(
    deferred: Deferred<void>,
    data: readonly Uint8Array[],
    fds?: readonly FileDescriptor[],
    credentials?: Credentials,
  ) {
    this.deferred = deferred;
    this.#data = data;
    this.#fds = fds;
    this.#credentials = credentials;
    for (const message of data) this.#bytes += message.length;
  }

  /** Messages that have not been sent. */
  get size(): number {
    return this.#data.length - this.#next;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get ancillary(): Ancillary | undefined {
    if (this.#fds === undefined && this.#credentials === undefined) return undefined;
    return { fds: this.#fds?.map(({ fd }) => fd), credentials: this.#credentials };
  }

  /** Replaces the messages by copies: the caller may change its memory while they wait. */
  copy(): void {
    this.#data = this.#data.slice(this.#next).map((message) => Buffer.from(message));
    this.#next = 0;
  }

  /** Appends up to `most` of its messages. */
  gather(messages: Uint8Array[], most: number): void {
    const end = Math.min(this.#data.length, this.#next + most);
    for (let at = this.#next; at < end; at++) messages.push(this.#data[at] as Uint8Array);
  }

  /** Takes `count` messages off its front: they were sent, or failed with `error`. Returns their bytes. */
  advance(count: number, error: Error | undefined): number {
    const before = this.#bytes;
    for (const end = this.#next + count; this.#next < end; this.#next++) {
      this.#bytes -= (this.#data[this.#next] as Uint8Array).length;
    }
    this.#error ??= error;
    return before - this.#bytes;
  }

  /** Rejects if a message failed, else resolves. With `error` none of the rest will be sent. */
  settle(error: Error | undefined = this.#error): void {
    this.release();
    if (error === undefined) this.deferred.resolve();
    else this.deferred.reject(error);
  }

  release(): void {
    if (this.#fds !== undefined) closeAll(this.#fds);
  }
}
