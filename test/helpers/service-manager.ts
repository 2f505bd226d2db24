// A service manager's side: the socket it is notified at, and processes it starts.
import type { StdioOptions } from 'node:child_process';
import { type Datagram, UnixDatagram } from 'afunix';
import { Child } from './children.js';
import { asModule, fromRoot } from './programs.js';
import { native } from './scratch.js';

/** The other end of NOTIFY_SOCKET. */
export class Manager implements AsyncDisposable {
  readonly #socket: UnixDatagram;
  /** What NOTIFY_SOCKET is to be. */
  readonly address: string;

  private constructor(socket: UnixDatagram, address: string) {
    this.#socket = socket;
    this.address = address;
  }

  static async at(address: string): Promise<Manager> {
    const options = { credentials: true, maxFds: 253 };
    return new Manager(await UnixDatagram.bind(native(address), options), address);
  }

  /** The next message, whose descriptors are the caller's. */
  receive(): Promise<Datagram> {
    return this.#socket.receive();
  }

  /** The assignments of the next message, which brings no descriptors. */
  async told(): Promise<string[]> {
    const { data, fds } = await this.receive();
    if (fds.length > 0) throw new Error(`${data} brought ${fds.length} descriptors`);
    return data.toString().trimEnd().split('\n');
  }

  /** The next message is a barrier, which this passes. */
  async passBarrier(): Promise<void> {
    const { data, fds } = await this.receive();
    for (const fd of fds) fd.close();
    if (`${data}` !== 'BARRIER=1' || fds.length !== 1) {
      throw new Error(`not a barrier: "${data}", with ${fds.length} descriptors`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket.close();
  }
}

/** A process that runs `code`, with `fds` from descriptor 3 on, as a manager starts it. */
export function activated(
  code: string,
  fds: readonly number[],
  env: NodeJS.ProcessEnv = { LISTEN_FDS: String(fds.length) },
): Child {
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...fds];
  // The shell's pid is the program's: it makes way for it.
  return new Child('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...run(code)], {
    stdio,
    cwd: fromRoot('.'),
    env: { ...process.env, ...env },
  });
}

/** The command that runs `code` as a module. */
export function run(code: string): string[] {
  return [process.execPath, ...asModule, code];
}
