// A worker process, as the pool sees it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath, env as ownEnv } from 'node:process';
import { Deferred } from '../core/deferred.js';
import type { FdLike } from '../core/fd-like.js';
import { UnixStream } from '../sockets/stream.js';
import { isGone } from './channel.js';
import {
  ENDED,
  MAX_FDS,
  REFUSED,
  TAKEN,
  UP,
  WORKER_FD,
  WORKER_VARIABLE,
} from './worker-protocol.js';

/** How workers are started. */
export interface Command {
  /** The arguments of Node.js. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv | undefined;
}

/** A connection that was given, and that a worker is to take. */
export class Given extends Deferred<void> {
  readonly connection: FdLike;

  constructor(connection: FdLike) {
    super();
    this.connection = connection;
  }
}

/** The pool that a worker belongs to. */
export interface WorkerOwner {
  /** Takes back what the worker refused: it is out of descriptors. */
  takeBack(given: Given): void;
  /** Called once, with what the worker has not taken. */
  ended(untaken: Given[], code: number | null, signal: NodeJS.Signals | null): void;
}

export class WorkerProcess {
  /** Connections that it has, or will have. */
  connections = 0;
  /** Whether its program waits for connections. */
  up = false;
  readonly #process: ChildProcess;
  readonly #socket: UnixStream;
  /** Connections on their way, in order. */
  readonly #untaken: Given[] = [];
  readonly #ended: Promise<unknown>;
  readonly #owner: WorkerOwner;

  /** Starts the process. */
  constructor({ args, env }: Command, owner: WorkerOwner) {
    this.#owner = owner;
    // The worker's end takes descriptors from the start: some may come before its program runs.
    const [mine, its] = UnixStream.pair({ maxFds: MAX_FDS });
    this.#socket = mine;
    let closed: Promise<void>;
    try {
      this.#process = spawn(execPath, [...args], {
        env: { ...(env ?? ownEnv), [WORKER_VARIABLE]: String(WORKER_FD) },
        stdio: ['ignore', 'inherit', 'inherit', its.fd],
      });
    } finally {
      closed = its.close();
    }
    const counted = this.#count();
    this.#ended = Promise.all([once(this.#process, 'exit'), counted, closed])
      .catch(() => [[null, null]] as const) // it could not be started
      .then(async ([[code, signal]]) => {
        await mine.close();
        owner.ended(this.#untaken.splice(0), code, signal);
      });
  }

  /** Its process id; -1 if it could not be started. */
  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Sends it a connection. */
  take(given: Given): void {
    this.connections += 1;
    this.#untaken.push(given);
    this.#socket.write('+', { fds: [given.connection] }).catch((error) => {
      if (isGone(error)) return; // another one takes it
      const index = this.#untaken.indexOf(given);
      if (index < 0) return;
      this.#untaken.splice(index, 1);
      this.connections -= 1;
      given.reject(error);
    });
  }

  /** Has it serve what it has to the end. Resolves when it has ended. */
  async dismiss(): Promise<void> {
    if (!this.#socket.closed) this.#socket.shutdown('write');
    await this.#ended;
  }

  /** Reads what the worker says of its connections, until it has ended. */
  async #count(): Promise<void> {
    try {
      for await (const bytes of this.#socket) {
        for (const byte of bytes) {
          if (byte === TAKEN) this.#untaken.shift()?.resolve();
          else if (byte === ENDED) this.connections -= 1;
          else if (byte === UP) this.up = true;
          else if (byte === REFUSED) this.#returnNext();
        }
      }
    } catch {
      // ECONNRESET: it was killed before it read all.
    }
  }

  #returnNext(): void {
    const given = this.#untaken.shift();
    if (given === undefined) return;
    this.connections -= 1;
    this.#owner.takeBack(given);
  }
}
