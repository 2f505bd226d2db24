// docs/recipes.md: subprocess.send() takes handles of Node.js only, and a descriptor can become one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { UnixStream } from 'afunix';
import { createServer, Socket } from 'afunix/net';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

test('a socket of this package is refused, its FileDescriptor as a net.Socket goes', async () => {
  using scratch = new Scratch();
  const file = scratch.path('child.cjs');
  writeFileSync(
    file,
    "process.once('message', (text, socket) => socket.end(text, () => process.disconnect()));",
  );
  const child = fork(file, { execArgv: [] });
  const [left, right] = UnixStream.pair();
  const socket = new Socket();
  for (const ours of [socket, createServer(), left]) {
    expect(() => child.send('x', ours as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_HANDLE_TYPE' }),
    );
  }
  socket.destroy();
  child.send('from the child', right.detach().toNetSocket());
  expect(String(await left.read())).toBe('from the child');
  expect(await left.read()).toBeNull();
  const ended = once(child, 'exit');
  await left.close(); // the child's end of the connection waits for it
  await ended;
});
