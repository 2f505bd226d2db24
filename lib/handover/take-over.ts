// The way to a predecessor: its listening sockets, or a beginning without one.
import { geteuid } from 'node:process';
import { type AddressLike, UnixAddress } from '../core/address.js';
import { CONSTRUCTING } from '../core/constructing.js';
import type { Credentials } from '../core/credentials.js';
import { invalidArgType, systemError } from '../core/errors.js';
import { closeAll, MAX_FDS } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { timeoutOf } from '../core/timeout.js';
import { setTimeout } from '../core/timers.js';
import { checkSignal, optionsOf } from '../core/validate.js';
import { EACCES, EMFILE } from '../native/errno.js';
import { UnixStream } from '../sockets/stream.js';
import { UnixListener } from '../sockets/stream-listener.js';
import { Channel } from './channel.js';
import { Handover } from './handover.js';
import type { HandoverChannel, Settings } from './protocol.js';

/** Options of `takeOver`. */
export interface TakeOverOptions {
  /** Gives up waiting for a predecessor, with an `AbortError`: `AbortSignal.timeout(30_000)`. */
  signal?: AbortSignal;
  /**
   * Decides, by the process at the other end, whether to take over from it, and whether to hand over to it. Only `true`,
   * or a promise of it, allows either. Default: the process has the same effective user. A predecessor that was handed
   * its own listening sockets shows the `pid` of the first process at this path.
   */
  authorize?: (process: Credentials) => boolean | Promise<boolean>;
  /**
   * Milliseconds that a successor may take until it is ready (default 60,000). After that this process goes on without
   * it, and takes the next successor.
   */
  readyTimeout?: number;
  /**
   * Milliseconds after which HTTP connections that wait for a request are closed once this process is replaced (default
   * 5000). Make it longer than the time after which clients give up idle connections.
   */
  idleTimeout?: number;
  /**
   * Called, once this process is ready, with each connection that the predecessor gives by `give()`, and with what it says
   * of it. The descriptor is this process's to close. Without it the predecessor keeps its connections.
   */
  onConnection?: (connection: FileDescriptor, data: unknown) => void;
}

const TAKE_OVER = new Known<TakeOverOptions>('takeOver', {
  signal: 1,
  authorize: 1,
  readyTimeout: 1,
  idleTimeout: 1,
  onConnection: 1,
});

/** Milliseconds before another attempt, where nothing tells when it can succeed. */
const AGAIN = 20;
/** Attempts to bind where another process holds the path, but does not answer. */
const ATTEMPTS = 50;

/**
 * Takes over from the process that holds `path`, the socket of handovers, or begins where no process does. The result has
 * what the predecessor offers. The predecessor goes on until `ready()` is called. It also goes on if this process ends or
 * closes the result before.
 *
 * Of several processes that begin at once one wins, and the others wait until they can take over from it. A predecessor that
 * dies meanwhile leaves what it has sent already; else the first process that waits begins anew.
 *
 * Rejects with EACCES where `authorize`, on either side, does not allow it, with EMFILE where this process cannot
 * hold all descriptors, with what `UnixListener.bind` says to the path, and with an `AbortError`.
 */
export async function takeOver(path: AddressLike, options?: TakeOverOptions): Promise<Handover> {
  const parsed = optionsOf(options, TAKE_OVER);
  const { signal } = parsed;
  const settings = settingsOf(parsed);
  const address = UnixAddress.from(path);
  checkSignal(signal);
  for (let attempts = 0; ; ) {
    const predecessor = await connect(address, signal);
    if (predecessor !== undefined) {
      const handover = await receive(predecessor, address, settings, signal);
      if (handover !== undefined) return handover;
      attempts = 0;
    } else {
      try {
        return new Handover(CONSTRUCTING, await bind(address), settings);
      } catch (error) {
        attempts += 1;
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempts >= ATTEMPTS)
          throw error;
      }
    }
    await delay(AGAIN);
    checkSignal(signal);
  }
}

function settingsOf(options: TakeOverOptions): Settings {
  const { authorize = isSameUser, readyTimeout, idleTimeout, onConnection } = options;
  for (const [name, value] of Object.entries({ authorize, onConnection })) {
    if (value !== undefined && typeof value !== 'function') {
      throw invalidArgType(`options.${name}`, 'of type function', value);
    }
  }
  return {
    authorize,
    readyTimeout: timeoutOf('options.readyTimeout', readyTimeout ?? 60_000),
    idleTimeout: timeoutOf('options.idleTimeout', idleTimeout ?? 5000),
    onConnection,
  };
}

function isSameUser({ uid }: Credentials): boolean {
  return uid === geteuid?.();
}

/** The process that holds the path, if one does. */
async function connect(
  address: UnixAddress,
  signal: AbortSignal | undefined,
): Promise<HandoverChannel | undefined> {
  try {
    const options = { maxFds: MAX_FDS, ...(signal === undefined ? {} : { signal }) };
    return new Channel(await UnixStream.connect(address, options));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

/** The file is never removed: it belongs to whichever process has the descriptor. */
function bind(address: UnixAddress): Promise<UnixListener> {
  return UnixListener.bind(address, {
    replace: 'stale',
    unlinkOnClose: false,
    ...(address.kind === 'pathname' ? { mode: 0o600 } : {}),
  });
}

/** Waits for what a predecessor offers. Undefined if it has ended, or was replaced. */
async function receive(
  channel: HandoverChannel,
  address: UnixAddress,
  settings: Settings,
  signal: AbortSignal | undefined,
): Promise<Handover | undefined> {
  let fds: readonly FileDescriptor[] = [];
  try {
    if ((await settings.authorize(channel.peer)) !== true)
      throw systemError('connect', EACCES, address);
    const received = await channel.receive(signal);
    if (received === undefined) {
      await channel.close();
      return undefined;
    }
    fds = received.fds;
    const { message } = received;
    if (message.type !== 'offer') throw systemError('connect', EACCES, address);
    const [control, ...offered] = fds;
    if (control === undefined || offered.length < message.names.length) {
      throw systemError('recvmsg', EMFILE, address);
    }
    const listener = UnixListener.fromFd(control);
    const inherited = message.names.map((name, i) => [name, offered[i] as FileDescriptor] as const);
    return new Handover(CONSTRUCTING, listener, settings, channel, new Map(inherited));
  } catch (error) {
    closeAll(fds);
    await channel.close();
    throw error;
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
