// The typed boundary. load.ts finds the addon, and addon.ts has its types.
import timers from 'node:timers';
import type { Addon, AddressBytes, NativeCredentials } from './addon.js';
import { load } from './load.js';

export type {
  AddressBytes,
  NativeOutgoing,
  NativeReceived,
  NativeStat,
} from './addon.js';

export const native: Addon<Handle> = load() as Addon<Handle>;

const { sockets, layout, slab } = native;

/** Where the bytes of a small message are put to be sent. */
const outgoing = new Uint8Array(
  slab.numbers.buffer,
  slab.numbers.byteOffset + layout.outgoing,
  layout.smallSend,
);
const lengthOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'length',
)?.get as (this: Uint8Array) => number;

/** Messages that one `Handle.sendMany` takes at most. */
export const MAX_SEND_MANY: number = layout.maxSendMany;

/** Bits of `Handle.stop`. */
export const READABLE: number = layout.readable;
export const WRITABLE: number = layout.writable;

/** Refusals of `Handle.bind`, below any -errno. */
export const UNSAFE_DIRECTORY: number = layout.unsafeDirectory;
export const SYMBOLIC_LINK: number = layout.symbolicLink;
export const LOCKED: number = layout.locked;

/** Receives the events of a handle. Called inside a callback scope. */
export interface HandleOwner {
  /** `result`: of the receive that was asked for, 0 if none was. */
  onReadable(result: number): void;
  onWritable(): void;
}

/** Ignores the events of a handle that nothing wraps yet. */
const nobody: HandleOwner = { onReadable() {}, onWritable() {} };

/** One open socket and its place in the event loop. The addon makes them. All numbers below 0 are -errno. */
export class Handle {
  /** Receives the events. Set by the class that wraps the handle, and again when another takes it over. */
  owner: HandleOwner = nobody;
  /** SO_TYPE, read when the handle was made. */
  readonly type: number;
  readonly #id: number;

  constructor(id: number, type: number) {
    this.#id = id;
    this.type = type;
  }

  /** The descriptor's number, for a system call; -1 once closed or detached. */
  get fd(): number {
    return sockets.fd(this.#id);
  }

  /** Returns `fd` for the program to have, which may close it by its number from then on. */
  showFd(): number {
    return sockets.showFd(this.#id);
  }

  /** The absolute pathname it was bound to, whatever getsockname(2) says; undefined without one. */
  get boundPath(): Buffer | undefined {
    return sockets.boundPath(this.#id);
  }

  /**
   * Arms one readable event. With `batch` > 0 up to that many messages are received first, with these
   * flags; with 0 none.
   */
  waitReadable(batch: number, flags = 0): number {
    return sockets.waitReadable(this.#id, batch, flags);
  }

  /**
   * Arms readable events until `stop`, each after a receive of up to `batch` messages. With `reuse` their
   * memory is used again when the event has been handled.
   */
  startReceiving(batch: number, reuse: boolean): number {
    return sockets.startReceiving(this.#id, batch, reuse);
  }

  /** Arms one writable event. */
  waitWritable(): number {
    return sockets.waitWritable(this.#id);
  }

  /** Returns 1 if what it sent, and nobody has received, fills its send buffer, else 0. */
  isSendBufferFull(): number {
    return sockets.isSendBufferFull(this.#id);
  }

  /** Disarms these events: READABLE, WRITABLE or both. */
  stop(events: number): number {
    return sockets.stop(this.#id, events);
  }

  ref(): void {
    sockets.ref(this.#id);
  }

  unref(): void {
    sockets.unref(this.#id);
  }

  /**
   * Sets whether to make room for control messages, the bytes of a message that are received (0: all of
   * them), the microseconds to poll for after a readable event (0: none), and whether messages bring their time.
   */
  configure(control: boolean, limit: number, busyPoll: number, timestamps: boolean): void {
    sockets.configure(this.#id, control, limit, busyPoll, timestamps);
  }

  /** Sets whether descriptors may be sent to it; -ENOPROTOOPT where the kernel has no SO_PASSRIGHTS. */
  passRights(pass: boolean): number {
    return sockets.passRights(this.#id, pass);
  }

  /**
   * Receives up to `batch` messages into the slab. Returns how many, 0 at the end of a connection.
   * A stream receives what is there, up to 64 KiB, as one message.
   */
  receive(batch: number, flags: number): number {
    return sockets.receive(this.#id, batch, flags);
  }

  /** Receives one message, as `receive` does, but its bytes into the caller's memory, as many as fit. */
  receiveInto(buffer: Uint8Array, flags: number): number {
    return sockets.receiveInto(this.#id, buffer, flags);
  }

  /** Calls recv(2) into the caller's memory. */
  read(buffer: Uint8Array, flags: number): number {
    return sockets.read(this.#id, buffer, flags);
  }

  /** As `receive`; where that finds nothing it returns -EAGAIN after a `waitReadable(batch)`. */
  receiveOrWait(batch: number): number {
    return sockets.receiveOrWait(this.#id, batch);
  }

  /** As `read`; where that finds nothing it returns -EAGAIN after a `waitReadable(0)`. */
  readOrWait(buffer: Uint8Array): number {
    return sockets.readOrWait(this.#id, buffer);
  }

  send(data: Uint8Array, to: AddressBytes | undefined, flags: number): number {
    const plain = to === undefined && flags === 0;
    // Not the property, which a program may have given the object: what others sent lies in that memory.
    const length = lengthOf.call(data);
    if (length > layout.smallSend) {
      return plain ? sockets.send(this.#id, data) : sockets.send(this.#id, data, to, flags);
    }
    // V8 has the bytes of so small an array in the object, and would allocate memory to give the addon a pointer.
    outgoing.set(data);
    return plain
      ? sockets.sendSmall(this.#id, length)
      : sockets.sendSmall(this.#id, length, to, flags);
  }

  /** Calls sendmsg(2). One buffer or descriptor costs less than an array of one. */
  sendMessage(
    buffers: Uint8Array | readonly Uint8Array[],
    to: AddressBytes | undefined,
    rights: number | readonly number[] | undefined,
    credentials: NativeCredentials | undefined,
    flags: number,
  ): number {
    const right = Array.isArray(rights) && rights.length === 1 ? rights[0] : rights;
    return sockets.sendMessage(this.#id, buffers, to, right, credentials, flags);
  }

  /** Calls sendmmsg(2) with up to MAX_SEND_MANY messages, to one destination. Returns how many went. */
  sendMany(data: readonly Uint8Array[], to: AddressBytes | undefined): number {
    return sockets.sendMany(this.#id, to, ...data);
  }

  /** Calls sendfile(2). Returns how many bytes went, 0 at the file's end; -ENOSYS where there is none. */
  sendFile(file: number, offset: number, count: number): number {
    return sockets.sendFile(this.#id, file, offset, count);
  }

  /**
   * Calls bind(2) and, with `backlog` >= 0, listen(2). -1 leaves the mode, the owner or the group as it is. LOCKED: the
   * directory's lock is held. Unless `allowUnsafePath`, also UNSAFE_DIRECTORY and SYMBOLIC_LINK.
   */
  bind(
    address: AddressBytes,
    mode: number,
    replace: 0 | 1 | 2,
    unlink: boolean,
    backlog: number,
    allowUnsafePath: boolean,
    owner: number,
    group: number,
  ): number {
    return sockets.bind(
      this.#id,
      address,
      mode,
      replace,
      unlink,
      backlog,
      allowUnsafePath,
      owner,
      group,
    );
  }

  /**
   * Has `close` remove the file that somebody else has bound it to, if that is there now, and then. -ENOENT if another
   * file has the path.
   */
  adoptPath(path: AddressBytes): number {
    return sockets.adoptPath(this.#id, path);
  }

  connect(address: AddressBytes): number {
    return sockets.connect(this.#id, address);
  }

  disconnect(): number {
    return sockets.disconnect(this.#id);
  }

  accept(): Handle | number {
    return sockets.accept(this.#id);
  }

  shutdown(how: number): number {
    return sockets.shutdown(this.#id, how);
  }

  /** Fills 64 bytes with eight doubles: messages, bytes, fds, again, sent and then received. */
  stats(into: Uint8Array): number {
    return sockets.stats(this.#id, into);
  }

  /** Removes the bound or adopted path and closes the descriptor. Idempotent. */
  close(): void {
    sockets.close(this.#id);
  }

  /** Returns the descriptor, which this environment owns now, or -1. The path stays. */
  detach(): number {
    return sockets.detach(this.#id);
  }
}

sockets.setClass(
  Handle,
  function (result) {
    this.owner.onReadable(result);
  },
  function () {
    this.owner.onWritable();
  },
  timers.setImmediate,
);
