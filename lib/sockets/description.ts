import type { UnixAddress } from '../core/address.js';
import type { Description } from '../core/inspection.js';

/** A socket to describe. */
interface Described {
  readonly closed: boolean;
  readonly localAddress: UnixAddress | null;
  readonly peerAddress: UnixAddress | null;
}

/** Returns a socket's name for warnings and traces. */
export function nameOf(socket: Described, fd: number): string {
  const { name } = socket.constructor;
  const { localAddress, peerAddress } = socket;
  if (localAddress !== null && localAddress.kind !== 'unnamed') return `${name} at ${localAddress}`;
  if (peerAddress !== null && peerAddress.kind !== 'unnamed') return `${name} to ${peerAddress}`;
  return `${name} ${fd}`;
}

/** Returns what a log shows of a socket. */
export function descriptionOf(socket: Described, fd: number): Description {
  if (socket.closed) return { closed: true };
  const { localAddress, peerAddress } = socket;
  return {
    fd,
    localAddress: localAddress && String(localAddress),
    peerAddress: peerAddress && String(peerAddress),
  };
}
