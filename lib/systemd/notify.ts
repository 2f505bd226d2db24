import { env } from 'node:process';
import { UnixAddress } from '../core/address.js';
import { invalidArgType, invalidArgValue, outOfRange } from '../core/errors.js';
import type { Sendable } from '../core/fd-like.js';
import { Known } from '../core/known.js';
import { monotonicMicroseconds } from '../core/timers.js';
import { checkSignal, integer, membersOf, optionsOf } from '../core/validate.js';
import { UnixDatagram } from '../sockets/datagram.js';
import { UnixStream } from '../sockets/stream.js';
import { namesThisProcess, numberIn } from './service-environment.js';

/** What a service tells its manager; see sd_notify(3). What is false or undefined is not told. */
export interface NotifyState {
  /** It has started, or has finished to reload its configuration (READY=1). */
  ready?: boolean | undefined;
  /** It begins to reload its configuration; `ready` must follow (RELOADING=1, MONOTONIC_USEC). */
  reloading?: boolean | undefined;
  /** It begins to stop (STOPPING=1). */
  stopping?: boolean | undefined;
  /** One line for people, shown by `systemctl status` (STATUS). */
  status?: string | undefined;
  /** The pid of the service's main process, where that is another than the manager started (MAINPID). */
  mainPid?: number | undefined;
  /**
   * True: it is alive (WATCHDOG=1). `'trigger'`: it has failed, and the manager is to act as if it had
   * not said so in time (WATCHDOG=trigger).
   */
  watchdog?: boolean | 'trigger' | undefined;
  /**
   * Milliseconds within which the next message comes: until then the time limit for starting, running
   * or stopping does not end the service (EXTEND_TIMEOUT_USEC).
   */
  extendTimeout?: number | undefined;
}

/** Options of `barrier`. */
export interface BarrierOptions {
  /** Stops waiting, with an `AbortError`: `AbortSignal.timeout(5000)`. */
  signal?: AbortSignal;
}

/** Options of `storeFds`. */
export interface StoreOptions {
  /**
   * What `listenFds()` will call them (FDNAME): up to 255 ASCII characters without `:` and control
   * characters. The manager's own default is `stored`.
   */
  name?: string;
  /**
   * Whether the manager watches them, and drops one whose other end is gone (EPOLLHUP, EPOLLERR).
   * Default true; false is FDPOLL=0.
   */
  poll?: boolean;
}

const STATE = new Known<NotifyState>('notify', {
  ready: 1,
  reloading: 1,
  stopping: 1,
  status: 1,
  mainPid: 1,
  watchdog: 1,
  extendTimeout: 1,
});
const BARRIER = new Known<BarrierOptions>('barrier', { signal: 1 });
const STORE = new Known<StoreOptions>('storeFds', { name: 1, poll: 1 });

/** The most bytes of a message that systemd reads (PIPE_BUF); it ignores longer ones. */
const MAX_MESSAGE = 4096;

/**
 * Tells the service manager of this service's state, in one message to NOTIFY_SOCKET. Resolves with
 * true when the kernel has it, false where there is no manager to tell, or nothing. It is sent at once
 * unless the manager's queue is full; messages keep their order.
 *
 * Rejects with `ERR_*` for a wrong value, a `status` of more than one line or a message over 4,096
 * bytes, which systemd would ignore, with `ERR_INVALID_ARG_VALUE` for a NOTIFY_SOCKET that begins
 * neither with `/` nor with `@`, and with ENOENT or ECONNREFUSED when nobody answers there. That the
 * manager listens to this process (NotifyAccess=) nobody tells.
 */
export async function notify(state: NotifyState): Promise<boolean> {
  const lines = linesOf(state);
  return lines.length > 0 && send(lines);
}

/**
 * Resolves with true when the manager has processed every message that was sent before; with false
 * where there is none. It waits for as long as the manager takes, unless `signal` ends that. For
 * processes that end right after they notified, and that the manager did not start itself: it could no
 * longer tell whose their messages are. Rejects as `notify` does. See sd_notify_barrier(3), systemd 246.
 */
export async function barrier(options?: BarrierOptions): Promise<boolean> {
  const { signal } = optionsOf(options, BARRIER);
  checkSignal(signal);
  // Any descriptor will do that tells of its last duplicate's end, which the manager closes.
  const [here, there] = UnixStream.pair();
  try {
    const sent = await send(['BARRIER=1'], [there], signal);
    await there.close();
    if (sent) await here.read(undefined, signal === undefined ? {} : { signal });
    return sent;
  } finally {
    await there.close();
    await here.close();
  }
}

/**
 * Gives the manager duplicates of descriptors, 1 to 253, to keep (FDSTORE=1): they come back from
 * `listenFds()` when the service is started again. They stay open here. Resolves and rejects as `notify`
 * does. The manager takes them only with FileDescriptorStoreMax= set, and tells nobody when it does not.
 */
export async function storeFds(fds: readonly Sendable[], options?: StoreOptions): Promise<boolean> {
  const { name, poll = true } = optionsOf(options, STORE);
  if (typeof poll !== 'boolean') throw invalidArgType('options.poll', 'of type boolean', poll);
  if (!Array.isArray(fds)) throw invalidArgType('fds', 'an instance of Array', fds);
  if (fds.length === 0) throw invalidArgValue('fds', 'must not be empty', fds);
  const lines = ['FDSTORE=1'];
  if (name !== undefined) lines.push(`FDNAME=${nameOf('options.name', name)}`);
  if (!poll) lines.push('FDPOLL=0');
  return send(lines, fds);
}

/** Has the manager close what it keeps under `name` (FDSTOREREMOVE=1, systemd 236). */
export async function removeFds(name: string): Promise<boolean> {
  return send(['FDSTOREREMOVE=1', `FDNAME=${nameOf('name', name)}`]);
}

/**
 * Milliseconds within which the manager wants to hear `notify({ watchdog: true })`, again and again, or
 * it takes the service for dead: send it twice as often. Null if it does not ask this process
 * (WATCHDOG_USEC, WATCHDOG_PID). Throws `ERR_INVALID_ARG_VALUE` for variables that are no positive
 * integers. See sd_watchdog_enabled(3).
 */
export function watchdogInterval(): number | null {
  const microseconds = numberIn('WATCHDOG_USEC');
  if (microseconds === undefined || namesThisProcess('WATCHDOG_PID') === false) return null;
  return microseconds / 1000;
}

function linesOf(state: NotifyState): string[] {
  const told = membersOf(state, STATE, 'state');
  const { status, mainPid, watchdog, extendTimeout } = told;
  const lines: string[] = [];
  for (const name of ['ready', 'reloading', 'stopping'] as const) {
    if (flag(`state.${name}`, told[name])) lines.push(`${name.toUpperCase()}=1`);
  }
  // Without the time a manager takes RELOADING=1 for that of an earlier reload (Type=notify-reload).
  if (told.reloading) lines.push(`MONOTONIC_USEC=${monotonicMicroseconds()}`);
  if (status !== undefined) lines.push(`STATUS=${lineOf('state.status', status)}`);
  if (mainPid !== undefined) lines.push(`MAINPID=${integer('state.mainPid', mainPid, 1)}`);
  if (watchdog === 'trigger') lines.push('WATCHDOG=trigger');
  else if (flag('state.watchdog', watchdog, " or 'trigger'")) lines.push('WATCHDOG=1');
  if (extendTimeout !== undefined) {
    const milliseconds = integer('state.extendTimeout', extendTimeout, 1);
    lines.push(`EXTEND_TIMEOUT_USEC=${milliseconds * 1000}`);
  }
  return lines;
}

function flag(name: string, value: unknown, otherwise = ''): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw invalidArgType(name, `of type boolean${otherwise}`, value);
}

function lineOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  // The rest would be read as assignments of its own.
  if (/[\n\0]/.test(value)) throw invalidArgValue(name, 'must be one line, without NULs', value);
  return value;
}

function nameOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  if (!/^[ -9;-~]{1,255}$/.test(value)) {
    throw invalidArgValue(
      name,
      "must be 1 to 255 ASCII characters without ':' and control characters",
      value,
    );
  }
  return value;
}

/** The manager's socket; undefined where there is no manager. */
function managerAddress(): UnixAddress | undefined {
  const name = env.NOTIFY_SOCKET;
  if (name === undefined) return undefined;
  if (/^@./s.test(name)) return UnixAddress.abstract(name.slice(1));
  if (name.startsWith('/')) return UnixAddress.pathname(name);
  throw invalidArgValue(
    'process.env.NOTIFY_SOCKET',
    "must be a pathname, or an abstract name after '@'",
    name,
  );
}

/** Messages on their way share a socket, whose queue keeps their order; the last one closes it. */
let shared: { readonly socket: UnixDatagram; users: number } | undefined;

async function send(
  lines: readonly string[],
  fds: readonly Sendable[] = [],
  signal?: AbortSignal,
): Promise<boolean> {
  const data = Buffer.from(lines.join('\n'));
  if (data.length > MAX_MESSAGE) {
    throw outOfRange('message.length', `at most ${MAX_MESSAGE} bytes`, data.length);
  }
  const to = managerAddress();
  if (to === undefined) return false;
  shared ??= { socket: UnixDatagram.unbound(), users: 0 };
  const mine = shared;
  mine.users += 1;
  try {
    await mine.socket.send(data, { to, fds, ...(signal === undefined ? {} : { signal }) });
    return true;
  } finally {
    mine.users -= 1;
    if (mine.users === 0) {
      shared = undefined;
      await mine.socket.close();
    }
  }
}
