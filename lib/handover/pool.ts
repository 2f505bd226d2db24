// Processes that serve the connections which one process accepts.
import { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import { execArgv as ownExecArgv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Deferred } from '../core/deferred.js';
import { invalidArgType, invalidState } from '../core/errors.js';
import { descriptorsOf, type FdLike } from '../core/fd-like.js';
import { Known } from '../core/known.js';
import { RetryTimer } from '../core/retry-timer.js';
import { monotonicNow, setTimeout } from '../core/timers.js';
import { integer, optionsOf } from '../core/validate.js';
import type { UnixListener } from '../sockets/stream-listener.js';
import { type Command, Given, WorkerProcess } from './worker-process.js';

/** Options of `WorkerPool`. */
export interface WorkerPoolOptions {
  /** How many processes there are (default: as many as the machine has processors for this one). */
  size?: number;
  /** Arguments of the program, after its path. */
  args?: readonly string[];
  /** Options of Node.js itself. Default: those of this process. */
  execArgv?: readonly string[];
  /** The environment. Default: that of this process. */
  env?: NodeJS.ProcessEnv;
}

/** The events of a `WorkerPool`. */
export interface WorkerPoolEvents {
  /** A worker has ended: with an exit code, or by a signal. */
  exit: [pid: number, code: number | null, signal: NodeJS.Signals | null];
}

/** A worker of a pool, as it is now. */
export interface WorkerInfo {
  /** Its process id. */
  readonly pid: number;
  /** The connections that it has. */
  readonly connections: number;
}

const POOL = new Known<WorkerPoolOptions>('WorkerPool', { size: 1, args: 1, execArgv: 1, env: 1 });

/** Connections for each worker that no worker has taken yet. Further ones stay in the listener's backlog. */
const UNTAKEN = 64;
/** Milliseconds that a worker has to run for its successor to start at once. */
const SHORT_LIFE = 10_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/** The place of a worker. A worker that dies is replaced in its place. */
interface Place {
  worker: WorkerProcess | undefined;
  readonly retry: RetryTimer;
}

/**
 * Processes that serve connections which this one accepts. Each connection goes to the worker with the fewest. A worker that dies
 * is replaced, at once or, where workers die young, after a pause of up to 10 s. Its connections are lost, but not those that it
 * has not taken yet: another worker gets them.
 *
 * The program of a worker calls `serveConnections()`. Workers end when this process does, however it ends.
 */
export class WorkerPool extends EventEmitter<WorkerPoolEvents> implements AsyncDisposable {
  readonly #command: Command;
  readonly #places: Place[];
  /** Connections that came while there was no worker. */
  readonly #waiting: Given[] = [];
  readonly #closing = new AbortController();
  #untaken = 0;
  /** Waits until fewer connections are untaken. */
  #room: Deferred<void> | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Starts the workers: `program` is the file that they run, as a path or a `file:` URL. Throws `ERR_*` for wrong arguments. A file
   * that is missing shows as workers that end (event 'exit').
   */
  constructor(program: string | URL, options?: WorkerPoolOptions) {
    super();
    const {
      size = availableParallelism(),
      args = [],
      execArgv = ownExecArgv,
      env,
    } = optionsOf(options, POOL);
    integer('options.size', size, 1);
    for (const [name, value] of Object.entries({ args, execArgv })) {
      if (!Array.isArray(value))
        throw invalidArgType(`options.${name}`, 'an instance of Array', value);
    }
    if (typeof program !== 'string' && !(program instanceof URL)) {
      throw invalidArgType('program', 'of type string or an instance of URL', program);
    }
    const file = program instanceof URL ? fileURLToPath(program) : program;
    this.#command = { args: [...execArgv, file, ...args], env };
    this.#places = Array.from({ length: size }, () => ({
      worker: undefined,
      retry: new RetryTimer(),
    }));
    for (const place of this.#places) this.#hire(place);
  }

  /** The workers that run. */
  get workers(): WorkerInfo[] {
    const workers = this.#places.flatMap(({ worker }) => worker ?? []);
    return workers.map(({ pid, connections }) => ({ pid, connections }));
  }

  /**
   * Gives a connection to a worker. Resolves when the worker has taken it, and the caller may close its own. Keep it open until then, and
   * read nothing from it: accept a `net.Socket` with `pauseOnConnect`, and `destroy()` it afterwards. Rejects with
   * `ERR_INVALID_STATE` if the pool was closed, and with `ERR_*` or EBADF for what is no open descriptor.
   */
  async give(connection: FdLike): Promise<void> {
    if (this.#closed !== undefined) throw invalidState('the pool was closed');
    descriptorsOf([connection]);
    const given = new Given(connection);
    this.#untaken += 1;
    try {
      this.#pass(given);
      await given.promise;
    } finally {
      this.#untaken -= 1;
      this.#room?.resolve();
      this.#room = undefined;
    }
  }

  /**
   * Accepts connections and gives them to the workers, until the listener or the pool is closed. The listener stays the
   * caller's. At most 64 connections for each worker are accepted and not taken yet. Others wait in the backlog.
   */
  async serve(listener: UnixListener): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      while (this.#untaken >= UNTAKEN * this.#places.length) {
        this.#room ??= new Deferred();
        await this.#room.promise;
      }
      if (signal.aborted || listener.closed) return;
      try {
        const connection = await listener.accept({ signal });
        this.give(connection)
          .catch((error) => process.emitWarning(error))
          .finally(() => connection.close());
      } catch (error) {
        if (signal.aborted || listener.closed) return;
        throw error;
      }
    }
  }

  /**
   * Stops accepting. Resolves when the workers have taken and served all that was accepted, and have ended. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#dismissAll();
    return this.#closed;
  }

  /** Calls `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #dismissAll(): Promise<void> {
    this.#closing.abort();
    while (this.#untaken > 0) {
      this.#room ??= new Deferred();
      await this.#room.promise;
    }
    for (const { retry } of this.#places) retry.cancel();
    await Promise.all(this.#places.map(({ worker }) => worker?.dismiss()));
  }

  #hire(place: Place): void {
    const began = monotonicNow();
    const worker: WorkerProcess = new WorkerProcess(this.#command, {
      takeBack: (given) => setTimeout(() => this.#pass(given), FIRST_PAUSE),
      ended: (untaken, code, signal) => {
        place.worker = undefined;
        if (monotonicNow() - began >= SHORT_LIFE) place.retry.reset();
        this.#replace(place);
        for (const given of untaken) this.#pass(given);
        this.emit('exit', worker.pid, code, signal);
      },
    });
    place.worker = worker;
    for (const given of this.#waiting.splice(0)) this.#pass(given);
  }

  /** Starts another worker. The first one that died young is replaced at once, those after it later and later. */
  #replace(place: Place): void {
    if (this.#closed !== undefined && this.#untaken === 0) return;
    const pause = place.retry.nextDelay(FIRST_PAUSE, LONGEST_PAUSE);
    place.retry.after(pause === FIRST_PAUSE ? 0 : pause, () => {
      try {
        this.#hire(place);
      } catch {
        this.#replace(place); // EMFILE
      }
    });
  }

  /** Passes a connection to the worker with the fewest: of those that are up, if any is. */
  #pass(given: Given): void {
    let best: WorkerProcess | undefined;
    for (const { worker } of this.#places) {
      if (worker !== undefined && (best === undefined || isBetter(worker, best))) best = worker;
    }
    if (best === undefined) this.#waiting.push(given);
    else best.take(given);
  }
}

function isBetter(one: WorkerProcess, other: WorkerProcess): boolean {
  return one.up === other.up ? one.connections < other.connections : one.up;
}
