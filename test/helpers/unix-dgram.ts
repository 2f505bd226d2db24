// What sockets of compat/unix-dgram do before a call returns.
import type { Socket, SocketEvents } from 'unix-dgram';
import { expect } from 'vitest';

export const unexpected = (): never => {
  throw new Error('nothing was to come here');
};

/** What every errno comes as. */
export const failure = (syscall: string, errno: number): object => ({
  message: `${syscall} ${-errno}`,
  code: -errno,
  errno: -errno,
  syscall,
});

/** Returns what `call` emits on the socket before it returns. */
export function emitted(socket: Socket, call: () => void): unknown[][] {
  const events: unknown[][] = [];
  const names = ['listening', 'connect', 'congestion', 'writable', 'error'] as const;
  const listeners = names.map((name) => {
    const listener = (...values: unknown[]): unknown => events.push([name, ...values]);
    socket.on<keyof SocketEvents>(name, listener);
    return () => socket.off(name, listener);
  });
  call();
  for (const remove of listeners) remove();
  return events;
}

/** Returns what `call` hands to its callback before it returns. */
export function calledBack(call: (callback: (...values: unknown[]) => void) => void): unknown[] {
  let result: unknown[] | undefined;
  call((...values) => {
    expect(result).toBe(undefined);
    result = values;
  });
  if (result === undefined) throw new Error('it did not call back before it returned');
  return result;
}
