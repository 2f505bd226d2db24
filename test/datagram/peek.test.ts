// A message that is peeked at stays for the next receive, with descriptors of its own.
import { open } from 'node:fs/promises';
import { UnixDatagram, UnixSeqpacket } from 'afunix';
import { fstat } from 'afunix/raw';
import { expect, test } from 'vitest';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const textOf = (message: { data: Buffer }): string => message.data.toString();

test('a message that is there', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  await using sender = await UnixDatagram.bind(scratch.path('sender'));
  await sender.send('one', { to: scratch.path() });
  await sender.send('two', { to: scratch.path() });

  const peeked = await receiver.receive({ peek: true });
  expect(textOf(peeked)).toBe('one');
  expect(peeked.from.path).toBe(scratch.path('sender'));
  expect(textOf(await receiver.receive({ peek: true }))).toBe('one');
  expect(textOf(await receiver.receive())).toBe('one');
  expect(textOf(await receiver.receive())).toBe('two');
});

test('a message that is waited for, among others that wait', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const waiting = [true, false, true, true, false].map((peek) => receiver.receive({ peek }));
  await sender.send('one');
  await sender.send('two');
  const texts = (await Promise.all(waiting)).map(textOf);
  expect(texts).toEqual(['one', 'one', 'two', 'two', 'two']);
});

test('a peek that is aborted takes nothing and holds up nobody', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const abort = new AbortController();
  const peeking = receiver.receive({ peek: true, signal: abort.signal });
  const receiving = [receiver.receive(), receiver.receive()];
  abort.abort();
  await expect(peeking).rejects.toMatchObject({ name: 'AbortError' });
  await sender.sendMany(['one', 'two']);
  expect((await Promise.all(receiving)).map(textOf)).toEqual(['one', 'two']);
});

test('descriptors are duplicates', async () => {
  using scratch = new Scratch();
  const [first, second] = UnixDatagram.pair({ maxFds: 1 });
  await using sender = first;
  await using receiver = second;
  await using file = await open(scratch.path('file'), 'w');
  await sender.send('file', { fds: [file] });

  const [peeked] = (await receiver.receive({ peek: true })).fds;
  const [taken] = (await receiver.receive()).fds;
  expect(peeked?.fd).not.toBe(taken?.fd);
  peeked?.close();
  expect(fstat(taken?.fd as number).ino).toBe(fstat(file.fd).ino);
  taken?.close();
});

test('what an iteration has taken already can be peeked at, and is copied', async () => {
  using scratch = new Scratch();
  const [first, second] = UnixDatagram.pair({ maxFds: 1, credentials: true });
  await using sender = first;
  await using receiver = second;
  await using file = await open(scratch.path('file'), 'w');
  await sender.sendMany(['one', { data: 'two', fds: [file] }]);
  for await (const message of receiver) {
    expect(textOf(message)).toBe('one');
    break;
  }

  const peeked = await receiver.receive({ peek: true });
  peeked.data.fill('x');
  const taken = await receiver.receive();
  expect(textOf(taken)).toBe('two');
  expect(taken.credentials).toEqual(peeked.credentials);
  expect(taken.fds[0]?.fd).not.toBe(peeked.fds[0]?.fd);
  for (const { fds } of [peeked, taken]) fds[0]?.close();
});

test.runIf(hasSeqpacket)('seqpacket: a packet and the end', async () => {
  const [first, second] = UnixSeqpacket.pair();
  await using sender = first;
  await using receiver = second;
  await sender.send('one');
  expect((await receiver.receive({ peek: true }))?.data.toString()).toBe('one');
  expect((await receiver.receive())?.data.toString()).toBe('one');
  await sender.close();
  expect(await receiver.receive({ peek: true })).toBeNull();
  expect(await receiver.receive()).toBeNull();
});

test('peek must be a boolean', async () => {
  await using socket = UnixDatagram.unbound();
  await expect(socket.receive({ peek: 1 } as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  });
});

test('one that is rejected leaves the event to the next call: no message comes twice', async () => {
  using scratch = new Scratch();
  const bind = (name: string): Promise<UnixDatagram> => UnixDatagram.bind(scratch.path(name));
  await using receiver = await bind('receiver');
  await using peer = await bind('peer');
  await using other = await bind('other');
  receiver.connect(scratch.path('peer'));
  peer.connect(scratch.path('receiver'));
  await receiver.send('unread');
  const peeking = receiver.receive({ peek: true });
  const receiving = receiver.receive();
  peer.connect(scratch.path('other')); // drops what it has not read
  receiver.trySend('x', { to: scratch.path('other') });
  await expect(peeking).rejects.toMatchObject({ code: 'ECONNRESET' });
  receiver.disconnect();
  await other.send('one', { to: scratch.path('receiver') });
  expect(textOf(await receiving)).toBe('one');
  expect(receiver.tryReceive()).toBe(undefined);
});
