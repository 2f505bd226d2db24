// Whether somebody uses an address.
import { lstatSync } from 'node:fs';
import {
  AF_UNIX,
  close,
  connect,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  socket,
} from '../raw.js';
import type { TypeName } from './options.js';
import { addressOf } from './sockets.js';

/** What was found at an address. */
export type State = 'alive' | 'dead' | 'not listening' | 'no right' | 'nothing' | 'no socket';

const numbers: readonly (readonly [TypeName, number])[] = [
  ['dgram', SOCK_DGRAM],
  ['stream', SOCK_STREAM],
  ['seqpacket', SOCK_SEQPACKET],
];

/**
 * Looks at an address. A datagram socket sees nothing of it, and a socket of another type a connection that is closed
 * at once. With `onlyDead`, it sees nothing either.
 */
export function probe(address: string, onlyDead = false): { state: State; type?: TypeName } {
  if (!address.startsWith('@')) {
    const stat = lstatSync(address, { throwIfNoEntry: false });
    if (stat === undefined) return { state: 'nothing' };
    if (!stat.isSocket() && !stat.isSymbolicLink()) return { state: 'no socket' };
  }
  for (const [type, number] of numbers) {
    const code = attempt(address, number);
    // The kernel compares the types when it has found a socket.
    if (code === 'EPROTOTYPE') {
      if (onlyDead) return { state: 'alive' };
      continue;
    }
    // EAGAIN: its backlog is full.
    if (code === undefined || code === 'EAGAIN') return { state: 'alive', type };
    if (code === 'EACCES' || code === 'EPERM') return { state: 'no right' };
    if (code === 'ENOENT' || code === 'ENOTDIR') return { state: 'nothing' };
    if (code === 'ENOTSOCK') return { state: 'no socket' };
    if (code !== 'ECONNREFUSED') throw new Error(`connect ${code} ${address}`);
    if (type === 'dgram') return { state: address.startsWith('@') ? 'nothing' : 'dead' };
    return { state: 'not listening', type };
  }
  return { state: 'not listening' };
}

function attempt(address: string, type: number): string | undefined {
  const fd = socket(AF_UNIX, type);
  try {
    connect(fd, addressOf(address));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    close(fd);
  }
}
