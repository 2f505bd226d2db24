// What Node has to hand a connection to another process: child_process' channel. It joins only a
// parent and its child, so the client here has the server for a child; the harness's stays idle.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connections } from '../lib/tcp.mjs';

export function server() {}

export function client({ count }) {
  const receiver = fileURLToPath(new URL('child-process-receiver.mjs', import.meta.url));
  const child = fork(receiver, [String(count)]);
  return connections(async (accepted) => {
    const received = once(child, 'message');
    for (const connection of accepted) child.send('.', connection);
    await received;
  }, count);
}
