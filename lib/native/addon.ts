// What the addon exports, as types. It returns -errno for a failed system call and never throws for one; the
// callers make the error.

/** An address's bytes: empty for unnamed, a leading NUL for abstract, else a pathname. */
export type AddressBytes = Uint8Array;

/** As struct ucred. */
export interface NativeCredentials {
  pid: number;
  uid: number;
  gid: number;
}

/** The addon, loaded once for each environment (main thread or worker). */
export interface Addon<Handle> {
  readonly constants: Readonly<Record<string, number>>;
  readonly errnos: Readonly<Record<string, number>>;
  readonly layout: Layout;
  /** The binary's file, as `bindings` found it. Undefined on a system that has none. */
  readonly path: string | undefined;
  readonly sockets: Sockets<Handle>;
  readonly slab: Slab;
  readonly descriptors: Descriptors;
  readonly accounts: Accounts;
  readonly raw: NativeRaw;
  /** Whether the runtime has libuv's loop; elsewhere a thread waits for the sockets. */
  readonly hasLoop: boolean;
}

/** The numbers that the addon and lib/ have to agree on (kLayout in src/addon.cc). */
export interface Layout {
  /** Bytes of sun_path. */
  readonly maxPath: number;
  /** Descriptors of one message at most (SCM_MAX_FD). */
  readonly maxRights: number;
  /** Buffers of one message of `raw`, and messages of one of its calls, at most (UIO_MAXIOV). */
  readonly maxVectors: number;
  /** Bytes that hold the control messages of any message. */
  readonly controlCapacity: number;
  /** Messages that one `sendMany` takes at most. */
  readonly maxSendMany: number;
  /** Messages that one receive takes at most. */
  readonly maxReceiveBatch: number;

  /** Events, as bits. */
  readonly readable: number;
  readonly writable: number;

  /** Refusals of `bind`, below any -errno. */
  readonly unsafeDirectory: number;
  readonly symbolicLink: number;
  readonly locked: number;

  /** How many of the slab's numbers describe messages; the others are those of `takeAncillary`. */
  readonly metaLength: number;
  /** Numbers before the first message: the ids of the chunks, by source. */
  readonly header: number;
  /** Numbers of a message, and which is what. */
  readonly stride: number;
  readonly offset: number;
  readonly length: number;
  readonly size: number;
  readonly flags: number;
  /** Of the address, whose bytes follow those of the message, or lie where these would. */
  readonly addressLength: number;
  /** 0 if it has no address. Two messages in a row have the same number if they have the same address. */
  readonly sender: number;
  readonly source: number;
  /** The source of messages that JavaScript has until its callback returns. */
  readonly lent: number;
  /** Where the bytes that `sendSmall` sends are put, in the memory of the numbers, and how many there may be. */
  readonly outgoing: number;
  readonly smallSend: number;

  /** Bits of `flags`. */
  readonly truncated: number;
  readonly controlTruncated: number;
  readonly ancillary: number;
  /** The bytes are in no chunk: `take` has them, or the memory of `receiveInto`. */
  readonly own: number;

  /** What `takeAncillary` found. Ids are unsigned, in a signed array. */
  readonly hasCredentials: number;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** -1: none. */
  readonly pidfd: number;
  /** Descriptors that are not among them. */
  readonly dropped: number;
  readonly hasTimestamp: number;
  /** The first of two numbers that hold a double: milliseconds since the epoch. */
  readonly timestamp: number;
  /** The first of the descriptors. */
  readonly rights: number;
}

/** Calls on sockets. The first argument of most is the id of a `Handle`. */
export interface Sockets<Handle> {
  /**
   * Sets the class of the handles that the addon makes, the functions that it calls with one as `this`, and
   * one of node:timers.
   */
  setClass(
    Handle: new (id: number, type: number) => Handle,
    onReadable: (this: Handle, result: number) => void,
    onWritable: (this: Handle) => void,
    setImmediate: (callback: () => void) => unknown,
  ): void;
  open(type: number): Handle | number;
  openPair(type: number): [Handle, Handle] | number;
  /** Takes the descriptor over, unless it returns -errno. It must be an AF_UNIX socket. */
  adopt(fd: number): Handle | number;
  /** A handle of a duplicate of `fd`, which may be anything that poll(2) takes; only to wait. */
  watch(fd: number): Handle | number;

  fd(id: number): number;
  showFd(id: number): number;
  boundPath(id: number): Buffer | undefined;
  waitReadable(id: number, batch: number, flags?: number): number;
  startReceiving(id: number, batch: number, reuse: boolean): number;
  waitWritable(id: number): number;
  isSendBufferFull(id: number): number;
  stop(id: number, events: number): number;
  ref(id: number): void;
  unref(id: number): void;
  configure(
    id: number,
    control: boolean,
    limit: number,
    busyPoll: number,
    timestamps: boolean,
  ): void;
  passRights(id: number, pass: boolean): number;
  receive(id: number, batch: number, flags: number): number;
  receiveInto(id: number, buffer: Uint8Array, flags: number): number;
  read(id: number, buffer: Uint8Array, flags: number): number;
  receiveOrWait(id: number, batch: number): number;
  readOrWait(id: number, buffer: Uint8Array): number;
  send(id: number, data: Uint8Array, to?: AddressBytes, flags?: number): number;
  /** As `send`, of the first `length` bytes at `layout.outgoing`. */
  sendSmall(id: number, length: number, to?: AddressBytes, flags?: number): number;
  sendMessage(
    id: number,
    buffers: Uint8Array | readonly Uint8Array[],
    to: AddressBytes | undefined,
    rights: number | readonly number[] | undefined,
    credentials: NativeCredentials | undefined,
    flags: number,
  ): number;
  sendFile(id: number, file: number, offset: number, count: number): number;
  sendMany(id: number, to: AddressBytes | undefined, ...data: Uint8Array[]): number;
  bind(
    id: number,
    address: AddressBytes,
    mode: number,
    replace: 0 | 1 | 2,
    unlink: boolean,
    backlog: number,
    allowUnsafePath: boolean,
    owner: number,
    group: number,
  ): number;
  adoptPath(id: number, path: AddressBytes): number;
  connect(id: number, address: AddressBytes): number;
  disconnect(id: number): number;
  accept(id: number): Handle | number;
  shutdown(id: number, how: number): number;
  close(id: number): void;
  detach(id: number): number;
  stats(id: number, into: Uint8Array): number;
}

/** The receive slab of this environment, as the last receive left it. */
export interface Slab {
  /** Begins with the int32 of `Layout`; behind them are small messages, and what `sendSmall` sends. */
  readonly numbers: Buffer;
  /** The memory that messages of a source lie in; a new one when its id changes. */
  chunk(source: number): Buffer;
  /** The bytes of a message that is `own`, in memory that is JavaScript's; once. Those of a stream have zeros behind them. */
  take(index: number): Buffer;
  /**
   * Takes what message `index` brought, for those that are `ancillary`; once. Returns how many descriptors
   * there are, which this environment owns now, as it does the pidfd; those over `maxRights` are closed. With
   * `placeholders` the -errno of one that the kernel refused is in its place; else that one and all behind it are dropped.
   */
  takeAncillary(index: number, maxRights: number, placeholders: boolean): number;
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
  /** A duplicate, close-on-exec and owned, or -errno. */
  duplicate(fd: number): number;
  /** A sealed file in memory, close-on-exec and owned, or -errno; -ENOSYS where there is none. */
  sealedFile(name: Uint8Array, contents: Uint8Array): number;
  /** A file in memory of a fixed size, owned, as that of `sealedFile`. */
  memoryFile(name: Uint8Array, size: number): number;
  /** The seals of F_GET_SEALS; -EINVAL for what can have none, -ENOSYS where there are none. */
  seals(fd: number): number;
  /**
   * Maps a sealed file of up to `most` bytes, for all who share it or for this process alone. The flag says whether the
   * memory is a copy. -EPERM for a file that could become shorter, -EFBIG for one that is too long, -ENOSYS where
   * memory cannot be shared.
   */
  map(fd: number, shared: boolean, most: number): [ArrayBuffer, boolean] | number;
  /** Detaches memory that `map` returned. It is unmapped when nobody has it any more. */
  unmap(buffer: ArrayBuffer): boolean;
  /** Programs that this process starts do not get `fd` (FD_CLOEXEC). */
  closeOnExec(fd: number): number;
  /** Its st_mode. */
  mode(fd: number): number;
  /** Its file status flags (F_GETFL). */
  flags(fd: number): number;
  /** What socket it is: `domain << 16 | type << 8 | listening`, or -errno. */
  socketKind(fd: number): number;
  peerCredentials(fd: number): NativeCredentials | number;
  /** Owned, as that of `duplicate`. */
  peerPidFd(fd: number): number;
  /** As `peerPidFd`; -ENOSYS where there is no pidfd_open(2). */
  openPidFd(pid: number): number;
  signalPidFd(pidfd: number, signal: number): number;
  /** A duplicate of the process's descriptor `fd`, owned. */
  getPidFdDescriptor(pidfd: number, fd: number): number;
  /** Fills `info`, 64 bytes, whose mask says what is wanted, with a struct pidfd_info. */
  getPidFdInfo(pidfd: number, info: Uint8Array): number;
}

/** The users and groups of this system. Each function returns the number of a name, -ENOENT for an unknown one. */
export interface Accounts {
  user(name: Uint8Array): number;
  group(name: Uint8Array): number;
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
  /** Those of `events` that are there now, with POLLERR and POLLHUP, or -errno. */
  poll(fd: number, events: number): number;
  /** `[result]`, or -errno: any int is a result. */
  ioctl(fd: number, request: number, value: number): [number] | number;
  fstat(fd: number): NativeStat | number;
  /** Fills `value`; returns its length. This and the next three: -ENOSYS on macOS. */
  fgetxattr(fd: number, name: Uint8Array, value: Uint8Array): number;
  fsetxattr(fd: number, name: Uint8Array, value: Uint8Array, flags: number): number;
  /** Fills `names`, each with a NUL behind it; returns their length. */
  flistxattr(fd: number, names: Uint8Array): number;
  fremovexattr(fd: number, name: Uint8Array): number;
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
  credentials?: NativeCredentials | undefined;
}

export interface NativeReceived {
  /** Descriptors, the caller's, and the -errno of those that the kernel refused. */
  rights: number[];
  credentials: NativeCredentials | undefined;
  /** The caller's, too. */
  pidfd: number | undefined;
  security: Buffer | undefined;
  inq: number | undefined;
  timestamp: number | undefined;
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
