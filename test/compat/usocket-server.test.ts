// UServer of compat/usocket.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { UnixStream } from 'afunix';
import type { USocket } from 'usocket';
import { expect, test } from 'vitest';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const usocket: typeof import('usocket') = createRequire(import.meta.url)('usocket');

test('a server listens, pauses, and leaves its file', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const server = new usocket.UServer();
  server.pause();
  const events: string[] = [];
  server.on('listening', () =>
    events.push(`listening ${server.listening} ${server.fd !== undefined}`),
  );
  server.listen({ path, backlog: 3 }, () => events.push('callback'));
  expect(() => server.listen(path)).toThrow('listen on already listened UServer');
  await once(server, 'listening');
  expect(events).toEqual(['listening false true', 'callback']);

  const connected = once(server, 'connection');
  let connections = 0;
  server.on('connection', (socket: USocket) => {
    connections++;
    socket.destroy();
  });
  const client = new usocket.USocket(path);
  await once(client, 'connected');
  expect([connections, server.paused]).toEqual([0, true]);
  server.resume();
  await connected;
  server.close();
  client.destroy();
  expect(existsSync(path)).toBe(true);
  expect(() => server.listen(path)).toThrow('listen on already listened UServer');

  const next = new usocket.UServer();
  next.listen(path);
  await once(next, 'listening');
  const third = new usocket.UServer();
  third.listen(path);
  expect(await once(third, 'error')).toMatchObject([{ code: 'EADDRINUSE' }]);
  expect(() => third.listen(5 as never)).toThrow('UServer expects valid path');
  next.close();
});

test.runIf(hasSeqpacket)('an abstract name is itself', async () => {
  const name = `\0afunix-usocket-${process.pid}`;
  const server = new usocket.UServer();
  server.listen(name);
  await once(server, 'listening');
  await using stream = await UnixStream.connect(name);
  expect(stream.peerAddress?.bytes.toString()).toBe(name);
  server.close();
});
