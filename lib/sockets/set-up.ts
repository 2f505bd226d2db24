// Sets sockets up: what they receive, their address, their peer.

import { Deferred } from '../core/deferred.js';
import { publishConnect } from '../core/diagnostics.js';
import { check } from '../core/errors.js';
import {
  kHandle,
  kImplementation,
  kLive,
  kMaxMessageSize,
  kReceives,
  kSetPeerAddress,
  kShut,
  kTimer,
} from '../core/symbols.js';
import { checkSignal } from '../core/validate.js';
import { bindError } from '../io/bind-error.js';
import { bindHandle, connectHandle, type Waiting } from '../io/establish.js';
import { configureReceive } from '../io/handle.js';
import type { BindPlan, ConnectPlan, ReceiveSettings } from '../io/options.js';
import type { UnixSocket } from './socket.js';

/** Sets what a socket receives. Closes the socket if it cannot. */
export function applyReceive(socket: UnixSocket, settings: ReceiveSettings): void {
  socket[kReceives] = settings;
  try {
    configureReceive(socket[kHandle], settings, socket[kMaxMessageSize]);
  } catch (error) {
    socket[kShut]();
    throw error;
  }
}

/** Binds a new socket, and listens if `backlog` is not negative. Closes the socket if it cannot. */
export async function setUpBound(socket: UnixSocket, plan: BindPlan, backlog = -1): Promise<void> {
  try {
    applyReceive(socket, plan.receive);
    await bindSocket(socket, plan, backlog);
  } catch (error) {
    socket[kShut]();
    throw error;
  }
}

/** Connects a new socket. Closes it if it cannot. */
export async function setUpConnected(socket: UnixSocket, plan: ConnectPlan): Promise<void> {
  try {
    applyReceive(socket, plan.receive);
    if (plan.local !== undefined) await bindSocket(socket, plan.local, -1, plan.signal);
    await connect(socket, plan);
  } catch (error) {
    socket[kShut]();
    throw error;
  }
}

/**
 * Binds, and listens if `backlog` is not negative. Returns undefined when that is done, or a promise while another
 * process holds the lock on the directory.
 */
export function bindSocket(
  socket: UnixSocket,
  plan: BindPlan,
  backlog = -1,
  signal?: AbortSignal,
): Promise<void> | undefined {
  const attempt = (waiting: Waiting): number | undefined =>
    bindHandle(socket[kLive](), plan, backlog, waiting);
  const bound = nowOrLater(socket, attempt, signal);
  if (typeof bound !== 'number') return bound.then((result) => checkBound(result, plan));
  checkBound(bound, plan);
  return undefined;
}

function checkBound(result: number, plan: BindPlan): void {
  if (result < 0) throw bindError(result, plan);
}

async function connect(socket: UnixSocket, plan: ConnectPlan): Promise<void> {
  const { address, signal, timeout } = plan;
  // The signal may have aborted while the socket was bound, and does not fire again.
  checkSignal(signal);
  const attempt = (waiting: Waiting): number | undefined =>
    connectHandle(socket[kLive](), address, timeout, waiting);
  check('connect', await nowOrLater(socket, attempt, signal), address);
  socket[kSetPeerAddress](address);
  publishConnect(socket[kImplementation], address);
}

/** Returns the result of an attempt, or a promise of it if the attempt has to wait. */
function nowOrLater(
  socket: UnixSocket,
  attempt: (waiting: Waiting) => number | undefined,
  signal: AbortSignal | undefined,
): number | Promise<number> {
  let deferred: Deferred<number> | undefined;
  const result = attempt({
    timer: () => socket[kTimer],
    done: (late) => deferred?.resolve(late),
  });
  if (result !== undefined) return result;
  deferred = new Deferred<number>(signal, () => socket[kTimer].cancel());
  return deferred.promise;
}
