import { env } from 'node:process';
import { UnixAddress } from '../core/address.js';
import { invalidArgType, invalidArgValue, outOfRange } from '../core/errors.js';
import type { FdLike } from '../core/fd-like.js';
import { Known } from '../core/known.js';
import { monotonicMicroseconds } from '../core/timers.js';
import { checkSignal, integer, membersOf, optionsOf } from '../core/validate.js';
import { UnixDatagram } from '../sockets/datagram.js';
import { UnixStream } from '../sockets/stream.js';
import { namesThisProcess, numberIn } from './service-environment.js';

/** The state that a service reports to its manager, see sd_notify(3). False and undefined fields are not sent. */
export interface NotifyState {
  /** The service has started, or has reloaded its configuration (READY=1). */
  ready?: boolean | undefined;
  /** The service begins to reload its configuration. `ready` must follow (RELOADING=1, MONOTONIC_USEC). */
  reloading?: boolean | undefined;
  /** The service begins to stop (STOPPING=1). */
  stopping?: boolean | undefined;
  /** One line for people, shown by `systemctl status` (STATUS). */
  status?: string | undefined;
  /** The pid of the service's main process, if it is not the one that the manager started (MAINPID). */
  mainPid?: number | undefined;
  /**
   * True: the service is alive (WATCHDOG=1). `'trigger'`: it has failed, and the manager acts as if the message
   * had not come in time (WATCHDOG=trigger).
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
   * The `name` that `listenFds()` will return them with (FDNAME): up to 255 ASCII characters without `:` and control
   * characters. The manager's default is `stored`.
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
 * Sends the state of this service to the service manager, in one message to NOTIFY_SOCKET. Resolves with true when
 * the kernel has the message, and with false if there is no manager or nothing to send. The message waits only
 * while the manager's queue is full. Messages keep their order.
 *
 * Rejects with `ERR_*` for a wrong value, a `status` of more than one line or a message over 4,096
 * bytes, which systemd would ignore, with `ERR_INVALID_ARG_VALUE` for a NOTIFY_SOCKET that begins
 * neither with `/` nor with `@`, and with ENOENT or ECONNREFUSED when no socket is bound there. The manager does
 * not say whether it accepts messages of this process (NotifyAccess=).
 */
export async function notify(state: NotifyState): Promise<boolean> {
  const lines = linesOf(state);
  return lines.length > 0 && send(lines);
}

/**
 * Resolves with true when the manager has processed every message that was sent before, and with false if there
 * is no manager. Waits as long as the manager takes, unless `signal` aborts. A process that the manager did not
 * start itself needs this before it ends: the manager cannot tell whose message it is once the process is gone.
 * Rejects as `notify` does. See sd_notify_barrier(3), systemd 246.
 */
export async function barrier(options?: BarrierOptions): Promise<boolean> {
  const { signal } = optionsOf(options, BARRIER);
  checkSignal(signal);
  // The manager closes its duplicate when it has read the message. That ends the stream here.
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
 * Gives the manager duplicates of 1 to 253 descriptors to keep (FDSTORE=1). `listenFds()` returns them when the
 * service is started again. They stay open here. Resolves and rejects as `notify` does. The manager takes them
 * only if FileDescriptorStoreMax= is set, and does not say if it does not.
 */
export async function storeFds(fds: readonly FdLike[], options?: StoreOptions): Promise<boolean> {
  const { name, poll = true } = optionsOf(options, STORE);
  if (typeof poll !== 'boolean') throw invalidArgType('options.poll', 'of type boolean', poll);
  if (!Array.isArray(fds)) throw invalidArgType('fds', 'an instance of Array', fds);
  if (fds.length === 0) throw invalidArgValue('fds', 'must not be empty', fds);
  const lines = ['FDSTORE=1'];
  if (name !== undefined) lines.push(`FDNAME=${nameOf('options.name', name)}`);
  if (!poll) lines.push('FDPOLL=0');
  return send(lines, fds);
}

/** Has the manager close the descriptors that it keeps under `name` (FDSTOREREMOVE=1, systemd 236). */
export async function removeFds(name: string): Promise<boolean> {
  return send(['FDSTOREREMOVE=1', `FDNAME=${nameOf('name', name)}`]);
}

/**
 * Returns the milliseconds between two `notify({ watchdog: true })` after which the manager takes the service for
 * dead: send it twice as often. Null if the manager does not ask this process for it (WATCHDOG_USEC, WATCHDOG_PID).
 * Throws `ERR_INVALID_ARG_VALUE` for variables that are no positive integers. See sd_watchdog_enabled(3).
 */
export function watchdogInterval(): number | null {
  const microseconds = numberIn('WATCHDOG_USEC');
  if (microseconds === undefined || namesThisProcess('WATCHDOG_PID') === false) return null;
  return microseconds / 1000;
}

function linesOf(state: NotifyState): string[] {
  const fields = membersOf(state, STATE, 'state');
  const { status, mainPid, watchdog, extendTimeout } = fields;
  const lines: string[] = [];
  for (const name of ['ready', 'reloading', 'stopping'] as const) {
    if (flag(`state.${name}`, fields[name])) lines.push(`${name.toUpperCase()}=1`);
  }
  // Without the time the manager takes RELOADING=1 for that of an earlier reload (Type=notify-reload).
  if (fields.reloading) lines.push(`MONOTONIC_USEC=${monotonicMicroseconds()}`);
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
  // Further lines would be read as assignments of their own.
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

/** Returns the address of the manager's socket; undefined if there is no manager. */
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

/** The socket that all messages under way share: its queue keeps their order. The last one closes it. */
let shared: { readonly socket: UnixDatagram; users: number } | undefined;

async function send(
  lines: readonly string[],
  fds: readonly FdLike[] = [],
  signal?: AbortSignal,
): Promise<boolean> {
  const data = Buffer.from(lines.join('\n'));
  if (data.length > MAX_MESSAGE) {
    throw outOfRange('message.length', `at most ${MAX_MESSAGE} bytes`, data.length);
  }
  const to = managerAddress();
  if (to === undefined) return false;
  shared ??= { socket: UnixDatagram.unbound(), users: 0 };
  const sender = shared;
  sender.users += 1;
  try {
    await sender.socket.send(data, { to, fds, ...(signal === undefined ? {} : { signal }) });
    return true;
  } finally {
    sender.users -= 1;
    if (sender.users === 0) {
      shared = undefined;
      await sender.socket.close();
    }
  }
}
