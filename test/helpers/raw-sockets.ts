// Sockets by number for the tests of afunix/raw, closed when the test ends.
import { platform } from 'node:process';
import * as raw from 'afunix/raw';
import { openDescriptors, openFile } from './descriptors.js';
import { hasSeqpacket } from './scratch.js';

export const onLinux: boolean = platform === 'linux';

/** The types of socket that have connections. */
export const connectionTypes: [name: string, type: number][] = [['stream', raw.SOCK_STREAM]];
if (hasSeqpacket) connectionTypes.push(['seqpacket', raw.SOCK_SEQPACKET]);

export const everyType: [name: string, type: number][] = [
  ...connectionTypes,
  ['datagram', raw.SOCK_DGRAM],
];

/** The descriptors of one test. Those still open when it ends are closed. */
export class Descriptors implements Disposable {
  readonly #fds = new Set<number>();

  /** Takes a descriptor that a call returned. */
  own(fd: number): number {
    this.#fds.add(fd);
    return fd;
  }

  /** Takes all that a message brought. */
  ownAll(fds: readonly number[]): readonly number[] {
    for (const fd of fds) this.own(fd);
    return fds;
  }

  close(fd: number): void {
    this.#fds.delete(fd);
    raw.close(fd);
  }

  file(path = '/dev/null'): number {
    return this.own(openFile(path, 'r'));
  }

  socket(type: number): number {
    return this.own(raw.socket(raw.AF_UNIX, type));
  }

  pair(type: number): [number, number] {
    const [first, second] = raw.socketpair(raw.AF_UNIX, type);
    return [this.own(first), this.own(second)];
  }

  bound(type: number, address: raw.AddressLike): number {
    const fd = this.socket(type);
    raw.bind(fd, address);
    return fd;
  }

  listener(type: number, address: raw.AddressLike, backlog?: number): number {
    const fd = this.bound(type, address);
    raw.listen(fd, backlog);
    return fd;
  }

  connected(type: number, address: raw.AddressLike): number {
    const fd = this.socket(type);
    raw.connect(fd, address);
    return fd;
  }

  accept(listener: number): number {
    return this.own(raw.accept(listener));
  }

  [Symbol.dispose](): void {
    const open = openDescriptors();
    for (const fd of this.#fds) if (open.has(fd)) raw.close(fd);
  }
}

/** What `call` throws. */
export function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** The `code` of what `call` throws. */
export function codeOf(call: () => unknown): string {
  return (thrown(call) as { code: string }).code;
}

/** Receives one message and returns it with its bytes. */
export function receive(
  fd: number,
  flags = 0,
  room = 4096,
): raw.ReceivedMessage & { data: string } {
  const buffer = Buffer.alloc(room);
  const message = raw.recvmsg(fd, buffer, flags);
  return { ...message, data: buffer.toString('utf8', 0, Math.min(message.length, room)) };
}

/** Whether this kernel knows a socket option that can be set; SO_INQ can only be set. */
export function hasOption(type: number, option: number): boolean {
  using fds = new Descriptors();
  try {
    raw.setsockopt(fds.pair(type)[0], raw.SOL_SOCKET, option, true);
    return true;
  } catch (error) {
    return (error as { code: string }).code !== 'ENOPROTOOPT';
  }
}
