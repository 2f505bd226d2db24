// The typed boundary: the only file that names the addon (load.ts finds it). The addon returns -errno for a failed
// system call and never throws for one; lib/errors.ts makes the error.
import { load } from './load.js';

/** An address's bytes: empty for unnamed, a leading NUL for abstract, else a pathname. */
export type AddressBytes = Uint8Array;

/** One open socket and its place in the event loop. All numbers below 0 are -errno. */
export interface Handle {
  /** Whose events the handle's are. Set once, by the class that wraps the handle. */
  owner: HandleOwner;
  /** -1 once closed or detached. */
  readonly fd: number;
  /** What `Calls` know it by. */
  readonly id: number;
  /** SO_TYPE, read when the handle was made. */
  readonly type: number;

  /**
   * One readable event, please: with `batch` 0 as it is, with more after a receive with these flags
   * (see below).
   */
  waitReadable(batch: number, flags?: number): number;
  /**
   * Readable events until `stop`, each after a receive of up to `batch` messages. With `reuse` their
   * memory is used again when the event has been handled.
   */
  startReceiving(batch: number, reuse: boolean): number;
  /** One writable event, please. */
  waitWritable(): number;
  /** No more of these events (1 readable, 2 writable, 3 both). */
  stop(events: number): void;
  ref(): void;
  unref(): void;

  /**
   * Whether to make room for control messages, the bytes of a message that are received (0: all of
   * them), and the microseconds to stay awake after a readable event (0: none).
   */
  configure(control: boolean, limit: number, busyPoll: number): void;
  /** Whether descriptors may be sent to it; -ENOPROTOOPT where the kernel has no SO_PASSRIGHTS. */
  passRights(pass: boolean): number;
  /**
   * Receives up to `batch` messages into the slab. Returns how many, 0 at the end of a connection.
   * A stream receives what is there, up to 64 KiB, as one message.
   */
  receive(batch: number, flags: number): number;
  /** recv(2) into the caller's memory. */
  read(buffer: Uint8Array, flags: number): number;
  /** As `receive`; where that finds nothing it returns -EAGAIN after a `waitReadable(batch)`. */
  receiveOrWait(batch: number): number;
  /** As `read`; where that finds nothing it returns -EAGAIN after a `waitReadable(0)`. */
  readOrWait(buffer: Uint8Array): number;

  send(data: Uint8Array, to: AddressBytes | undefined, flags: number): number;
  /** sendmsg(2). One buffer or descriptor costs less than an array of one. */
  sendMessage(
    buffers: Uint8Array | readonly Uint8Array[],
    to: AddressBytes | undefined,
    rights: number | readonly number[] | undefined,
    credentials: { pid: number; uid: number; gid: number } | undefined,
    flags: number,
  ): number;
  /**
   * sendmmsg(2) of `data[from...]`, as many as one call takes: to one destination, which `to` is for
   * all of them, or one each. Returns how many went.
   */
  sendMany(
    data: readonly Uint8Array[],
    to: AddressBytes | undefined | readonly (AddressBytes | undefined)[],
    from: number,
  ): number;

  /**
   * bind(2) and, with `backlog` >= 0, listen(2). LOCKED: the directory's lock is held. Unless
   * `allowUnsafePath`, also UNSAFE_DIRECTORY and SYMBOLIC_LINK.
   */
  bind(
    address: AddressBytes,
    mode: number,
    replace: 0 | 1 | 2,
    unlink: boolean,
    backlog: number,
    allowUnsafePath: boolean,
  ): number;
  /** The absolute pathname it was bound to, whatever getsockname(2) says; undefined without one. */
  readonly boundPath: Buffer | undefined;
  connect(address: AddressBytes): number;
  disconnect(): number;
  accept(): Handle | number;
  shutdown(how: number): number;

  /** Fills 64 bytes with eight doubles: messages, bytes, fds, again, sent and then received. */
  stats(into: Uint8Array): number;

  /** Removes the bound path, closes the descriptor. Twice is once. */
  close(): void;
  /** The descriptor, which this environment owns now (see `own`), or -1. The path stays. */
  detach(): number;
}

/** The calls made for each message, as functions of a handle's `id`. */
type Calls = {
  [Name in
    | 'waitReadable'
    | 'waitWritable'
    | 'receive'
    | 'receiveOrWait'
    | 'read'
    | 'readOrWait'
    | 'send'
    | 'sendMessage']: (id: number, ...rest: Partial<Parameters<Handle[Name]>>) => number;
} & { sendMany(id: number, to: AddressBytes | undefined, ...data: Uint8Array[]): number };

/** What a handle tells the class that wraps it. Called inside a callback scope. */
export interface HandleOwner {
  /** `result`: of the receive that was asked for, 0 if none was. */
  onReadable(result: number): void;
  onWritable(): void;
}

/** The receive slab of this environment, as the last receive left it. */
export interface Slab {
  /** The memory of `slabMeta` and `slabBeside`. */
  readonly numbers: Buffer;
  /** How many numbers of it are `slabMeta`. */
  readonly metaLength: number;
  /** The memory that messages of a source lie in; a new one when its id changes. */
  chunk(source: number): Buffer;
  /**
   * The bytes of a message whose flags say SLAB_OWN, in memory that is JavaScript's; once. Those of a
   * stream have zeros behind them.
   */
  take(index: number): Buffer;
}

/** Calls on descriptors, by their number, and which of them this environment owns. */
export interface Descriptors {
  /**
   * This environment closes `fd` at its end, unless it is closed or disowned before. False if it is not
   * open.
   */
  own(fd: number): boolean;
  disown(fd: number): void;
  /** Closes it, if it is owned. 0, or the -errno of close(2), after which it is closed all the same. */
  close(fd: number): number;
  /**
   * Takes what message `index` brought, for those whose flags say SLAB_ANCILLARY; once. Returns how
   * many descriptors there are, which this environment owns now, as it does the pidfd; those over
   * `maxRights` are closed.
   */
  takeBeside(index: number, maxRights: number): number;
  /** Its st_mode. */
  mode(fd: number): number;
  /** What socket it is: `domain << 16 | type << 8 | listening`, or -errno. */
  socketKind(fd: number): number;
  /** Whether both directions of a connection have ended, as when its peer is gone. */
  hungUp(fd: number): boolean;
  /** 1 if a read would not wait, 0, or -errno. */
  readable(fd: number): number;
}

export interface Native {
  readonly descriptors: Descriptors;
  readonly Handle: { prototype: Handle };
  readonly calls: Calls;
  readonly constants: Readonly<Record<string, number>>;
  readonly errnos: Readonly<Record<string, number>>;
  readonly maxPath: number;
  /** The binary's file, as `bindings` found it. */
  readonly path: string;
  readonly slab: Slab;
  setDispatcher(
    readable: (this: Handle, result: number) => void,
    writable: (this: Handle) => void,
  ): void;

  openHandle(type: number): Handle | number;
  openPair(type: number): [Handle, Handle] | number;
  /** Takes the descriptor over, unless it returns -errno. It must be an AF_UNIX socket. */
  adoptHandle(fd: number): Handle | number;

  /** A duplicate, close-on-exec and owned, or -errno. */
  duplicateOwned(fd: number): number;
  /** A sealed file in memory, close-on-exec and owned, or -errno; -ENOSYS where there is none. */
  sealedFile(name: Uint8Array, contents: Uint8Array): number;
  /** Programs that this process starts do not get `fd` (FD_CLOEXEC). */
  closeOnExec(fd: number): number;

  /** A handle of a duplicate of `fd`, which may be anything that poll(2) takes; only to wait. */
  watch(fd: number): Handle | number;

  /** Owned, as `duplicateOwned`. */
  peerPidFd(fd: number): number;
  peerCredentials(fd: number): { pid: number; uid: number; gid: number } | number;
  readonly raw: NativeRaw;
}

/** One function a system call, on integer descriptors. */
export interface NativeRaw {
  socket(domain: number, type: number, protocol: number, flags: number): number;
  socketpair(
    domain: number,
    type: number,
    protocol: number,
    flags: number,
  ): [number, number] | number;
  bind(fd: number, address: AddressBytes): number;
  /** Undefined: AF_UNSPEC, the socket forgets its peer. */
  connect(fd: number, address: AddressBytes | undefined): number;
  listen(fd: number, backlog: number): number;
  accept(fd: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number): Buffer | number;
  getpeername(fd: number): Buffer | number;
  /** Fills `value`; returns the length the kernel wrote. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  close(fd: number): number;
  dup(fd: number): number;
  /** `[result]`, or -errno: any int is a result. */
  ioctl(fd: number, request: number, value: number): [number] | number;
  fstat(fd: number): NativeStat | number;
  send(fd: number, data: Uint8Array, flags: number, to: AddressBytes | undefined): number;
  recv(fd: number, buffer: Uint8Array, flags: number): number;
  sendmsg(fd: number, message: NativeOutgoing, flags: number): number;
  sendmmsg(fd: number, messages: readonly NativeOutgoing[], flags: number): number;
  recvmsg(
    fd: number,
    buffers: readonly Uint8Array[],
    controlLength: number,
    flags: number,
  ): NativeReceived | number;
  recvmmsg(
    fd: number,
    messages: readonly (readonly Uint8Array[])[],
    controlLength: number,
    flags: number,
  ): NativeReceived[] | number;
}

export interface NativeOutgoing {
  buffers: readonly Uint8Array[];
  address?: AddressBytes | undefined;
  rights?: readonly number[] | undefined;
  credentials?: { pid: number; uid: number; gid: number } | undefined;
}

export interface NativeReceived {
  /** Descriptors, the caller's. */
  rights: number[];
  credentials: { pid: number; uid: number; gid: number } | undefined;
  /** The caller's, too. */
  pidfd: number | undefined;
  security: Buffer | undefined;
  inq: number | undefined;
  /** What the call returned: with MSG_TRUNC asked for, the real length of the message. */
  length: number;
  /** msg_flags: MSG_TRUNC, MSG_CTRUNC, ... */
  flags: number;
  address: Buffer;
}

export interface NativeStat {
  dev: number;
  ino: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdev: number;
  size: number;
}

export const native: Native = load() as Native;

/** The source of messages that JavaScript has until its callback returns. */
export const SLAB_LENT = 1;

/** Fields of a message in `slabMeta`, after a header of SLAB_HEADER numbers, the ids of the chunks. */
export const SLAB_HEADER = 3;
export const SLAB_STRIDE = 6;
export const SLAB_OFFSET = 0;
export const SLAB_LENGTH = 1;
export const SLAB_SIZE = 2;
export const SLAB_FLAGS = 3;
/** Of the address, whose bytes follow those of the message, or lie where these would. */
export const SLAB_ADDRESS_LENGTH = 4;
export const SLAB_SOURCE = 5;
/** Bits of SLAB_FLAGS. */
export const SLAB_TRUNCATED = 1;
export const SLAB_CONTROL_TRUNCATED = 2;
export const SLAB_ANCILLARY = 4;
/** The bytes are in no chunk: `take` has them. */
export const SLAB_OWN = 8;

/** Fields of `slabBeside`. Ids are unsigned, in a signed array. */
export const BESIDE_HAS_CREDENTIALS = 0;
export const BESIDE_PID = 1;
export const BESIDE_UID = 2;
export const BESIDE_GID = 3;
/** -1: none. */
export const BESIDE_PIDFD = 4;
/** Descriptors over `maxRights`, closed. */
export const BESIDE_DROPPED = 5;
export const BESIDE_RIGHTS = 6;

const { buffer: numbers, byteOffset: numbersOffset } = native.slab.numbers;
const { metaLength } = native.slab;
/** What the last receive brought. */
export const slabMeta: Int32Array = new Int32Array(numbers, numbersOffset, metaLength);
/** What `takeBeside` found: the numbers BESIDE_*, then the descriptors. */
export const slabBeside: Int32Array = new Int32Array(numbers, numbersOffset + 4 * metaLength);

/** Refusals of `Handle.bind`, below any -errno. */
export const UNSAFE_DIRECTORY = -10001;
export const SYMBOLIC_LINK = -10002;
export const LOCKED = -10003;

/** Bits of `Handle.stop`. */
export const READABLE = 1;
export const WRITABLE = 2;

const { calls } = native;
/** Messages that one call sends at most (kSendBatch in the addon). */
const SEND_BATCH = 64;

// To find the C++ object of `this` costs more than the rest of a call (napi_unwrap): these go by id.
Object.assign(native.Handle.prototype, {
  waitReadable(batch, flags) {
    return calls.waitReadable(this.id, batch, flags);
  },
  waitWritable() {
    return calls.waitWritable(this.id);
  },
  receive(batch, flags) {
    return calls.receive(this.id, batch, flags);
  },
  receiveOrWait(batch) {
    return calls.receiveOrWait(this.id, batch);
  },
  read(buffer, flags) {
    return calls.read(this.id, buffer, flags);
  },
  readOrWait(buffer) {
    return calls.readOrWait(this.id, buffer);
  },
  send(data, to, flags) {
    return to === undefined && flags === 0
      ? calls.send(this.id, data)
      : calls.send(this.id, data, to, flags);
  },
  sendMessage(buffers, to, rights, credentials, flags) {
    const right = Array.isArray(rights) && rights.length === 1 ? rights[0] : rights;
    return calls.sendMessage(this.id, buffers, to, right, credentials, flags);
  },
  sendMany(data, to, from) {
    let end = Math.min(data.length, from + SEND_BATCH);
    if (!Array.isArray(to))
      return calls.sendMany(this.id, to as AddressBytes, ...data.slice(from, end));
    const address = to[from];
    for (let index = from + 1; index < end; index++) if (to[index] !== address) end = index;
    return calls.sendMany(this.id, address, ...data.slice(from, end));
  },
} satisfies Partial<Handle> & ThisType<Handle>);

native.setDispatcher(
  function (result) {
    this.owner.onReadable(result);
  },
  function () {
    this.owner.onWritable();
  },
);
