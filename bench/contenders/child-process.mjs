// What Node has to hand a connection to another process: child_process' channel. It joins only a
// parent and its child, so the client here has the server for a child; the harness's stays idle.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connections } from '../lib/tcp.mjs';

export function server() {}

export function client({ count }) {
  const child = fork(fileURLToPath(new URL('child-process-receiver.mjs', import.meta.url)));
  return connections((connection) => child.send('.', connection), count);
}
