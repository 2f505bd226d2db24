// reconnect: messages wait for a peer that is not there, and go to the next one at its address.
import { setImmediate as turn } from 'node:timers/promises';
import { type ConnectionChange, UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { receiver, take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

function reconnecting(): { socket: UnixDatagram; changes: string[] } {
  const changes: string[] = [];
  const onConnectionChange = ({ connected, error }: ConnectionChange): void => {
    changes.push(connected ? 'back' : `gone ${error?.code}`);
  };
  return { socket: UnixDatagram.unbound({ reconnect: true, onConnectionChange }), changes };
}

test('a peer that is restarted loses nothing that was sent after', async () => {
  using scratch = new Scratch();
  const { socket, changes } = reconnecting();
  await using _socket = socket;
  const old = await receiver(scratch);
  socket.connect(scratch.path('receiver'));
  await socket.send('before');
  expect(await take(old, 1)).toEqual(['before']);
  await old.close();

  const waiting = [socket.send('one'), socket.sendMany(['two', 'three'])];
  expect(socket.trySend('not now')).toBe(false);
  await using next = await receiver(scratch);
  expect(await take(next, 3)).toEqual(['one', 'two', 'three']);
  await Promise.all(waiting);
  await turn();
  expect(changes).toEqual(['gone ECONNREFUSED', 'back']);
});

test('a peer that is back already: not even a wait', async () => {
  using scratch = new Scratch();
  const { socket, changes } = reconnecting();
  await using _socket = socket;
  const old = await receiver(scratch);
  socket.connect(scratch.path('receiver'));
  await old.close();
  await using next = await receiver(scratch);
  expect(socket.trySend('at once')).toBe(true);
  await socket.sendMany(['two']);
  expect(await take(next, 2)).toEqual(['at once', 'two']);
  await turn();
  expect(changes).toEqual(['gone ECONNREFUSED', 'back']);
});

test('a peer that is not there yet', async () => {
  using scratch = new Scratch();
  const { socket, changes } = reconnecting();
  await using _socket = socket;
  socket.connect(scratch.path('receiver'));
  const early = socket.send('early');
  await using peer = await receiver(scratch);
  expect(await take(peer, 1)).toEqual(['early']);
  await early;
  expect(changes).toEqual(['gone ENOENT', 'back']);
});

test('what waits can be aborted, is bounded, and ends with the socket', async () => {
  using scratch = new Scratch();
  const socket = UnixDatagram.unbound({ reconnect: true, sendQueueLimit: { messages: 2 } });
  socket.connect(scratch.path('nobody'));
  const abort = new AbortController();
  const aborted = socket.send('a', { signal: abort.signal });
  abort.abort();
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  const waiting = [socket.send('b'), socket.send('c')];
  await expect(socket.send('d')).rejects.toMatchObject({ code: 'ENOBUFS' });
  await socket.close();
  for (const each of waiting) {
    await expect(each).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  }
});

test('without connect() there is nobody to wait for', async () => {
  const { socket } = reconnecting();
  await expect(socket.send('x')).rejects.toMatchObject({ code: 'ENOTCONN' });
  await socket.close();
});

test('other errors are thrown as ever', async () => {
  using scratch = new Scratch();
  const { socket, changes } = reconnecting();
  await using busy = await receiver(scratch, 'busy');
  await using _friend = await receiver(scratch, 'friend');
  busy.connect(scratch.path('friend'));
  expect(() => socket.connect(scratch.path('busy'))).toThrow(
    expect.objectContaining({ code: 'EPERM' }),
  );
  expect(changes).toEqual([]);
  await socket.close();
});
