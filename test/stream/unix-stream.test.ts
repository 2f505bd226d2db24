// The finer points of UnixStream and UnixListener.
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { FileDescriptor, features, UnixListener, UnixStream } from 'afunix';
import { connect } from 'afunix/net';
import { expect, test } from 'vitest';
import { openDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

const { pidfds } = features();

test('read(buffer) fills the caller’s memory, and returns a view of it', async () => {
  const [one, other] = UnixStream.pair();
  await other.write('abcdef');
  const memory = Buffer.alloc(4, '.');
  const first = await one.read(memory);
  expect([String(first), first?.buffer === memory.buffer]).toEqual(['abcd', true]);
  const second = await one.read(memory.subarray(1));
  expect([String(second), String(memory)]).toEqual(['ef', 'aefd']);
  const third = one.read(new Uint8Array(memory.buffer, memory.byteOffset, 4));
  await other.write('late');
  expect(String(await third)).toBe('late');
  expect(String(memory)).toBe('late');
  await one.close();
  await other.close();
});

test('reads whose tries were in vain still get what comes, in order', async () => {
  const [one, other] = UnixStream.pair();
  const buffer = Buffer.alloc(4);
  for (let turn = 0; turn < 100; turn++) {
    const reading = one.read(buffer);
    await other.write(String(turn).padStart(4));
    expect(Number(String(await reading))).toBe(turn);
    // There already when it is asked for.
    await other.write('more');
    expect(String(await one.read(buffer))).toBe('more');
  }
  other.shutdown('write');
  expect(await one.read(buffer)).toBeNull();
  await one.close();
  await other.close();
});

test('write([a, b]) arrives as one, past IOV_MAX and past the buffer', async () => {
  const [one, other] = UnixStream.pair();
  await one.write(['a', Buffer.from('b'), new Uint16Array([0x6363]), '', 'd']);
  expect(String(await other.read())).toBe('abccd');
  const parts = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(500, index));
  const writing = one.write(parts);
  let read = Buffer.alloc(0);
  while (read.length < 1_500_000) read = Buffer.concat([read, (await other.read()) as Buffer]);
  await writing;
  expect(read.equals(Buffer.concat(parts))).toBe(true);
  await one.close();
  await other.close();
});

test('writes that wait go together, past IOV_MAX: each has its bytes, in order, and its result', async () => {
  const [one, other] = UnixStream.pair({ maxFds: 2 });
  const pattern = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 31) % 251));
  const sent: Buffer[] = [];
  const piece = (index: number): Buffer => {
    const data = pattern.subarray(index, index + ((index * 7) % 4000));
    sent.push(data);
    return data;
  };
  const writes: Promise<void>[] = [];
  const settled: number[] = [];
  const write = (index: number, write: Promise<void>): void => {
    writes.push(write.then(() => void settled.push(index)));
  };
  for (let index = 0; index < 3000; index++) {
    if (index === 1500) write(index, one.write(piece(index), { fds: [other] }));
    else if (index % 100 === 99)
      write(index, one.write([piece(index), piece(index), Buffer.alloc(0)]));
    else write(index, one.write(piece(index)));
  }
  const expected = Buffer.concat(sent);
  const received: Buffer[] = [];
  const fds: FileDescriptor[] = [];
  for (let left = expected.length; left > 0; ) {
    const message = await other.receive();
    left -= message?.data.length ?? left;
    received.push(message?.data ?? Buffer.alloc(0));
    fds.push(...(message?.fds ?? []));
  }
  await Promise.all(writes);
  expect(settled).toEqual(settled.toSorted((a, b) => a - b));
  expect(Buffer.concat(received).equals(expected)).toBe(true);
  expect(fds.map(({ kind }) => kind)).toEqual(['socket']);
  for (const fd of fds) fd.close();
  // Each of 3,000 would be a call otherwise.
  expect(one.stats().sent.messages).toBeLessThan(1500);
  await one.close();
  await other.close();
});

test('nothing goes out after a write that failed while it waited', async () => {
  const [one, other] = UnixStream.pair();
  const large = one.write(Buffer.alloc(1 << 20, 1));
  // The kernel refuses them when their turn comes: no process has this number.
  const refused = one.write('refused', { credentials: { pid: 0x7ffffffe, uid: 0, gid: 0 } });
  const behind = one.write('behind');
  const outcomes = Promise.allSettled([refused, behind]);
  let received = 0;
  while (received < 1 << 20) received += (await other.read())?.length ?? 0;
  await large;
  const code = process.getuid?.() === 0 ? 'ESRCH' : 'EPERM';
  const rejected = { status: 'rejected', reason: { code, bytesWritten: 0 } };
  expect(await outcomes).toMatchObject([rejected, rejected]);
  await one.write('next');
  expect(String(await other.read())).toBe('next');
  await one.close();
  await other.close();
});

test.each(['close', 'detach', 'toDuplex'] as const)(
  '%s() tells of a write that waits how much of it had gone',
  async (way) => {
    const [one, other] = UnixStream.pair();
    const reading = one.read().catch((error) => error);
    const writes = [one.write(Buffer.alloc(1 << 20)), one.write('behind')];
    const outcomes = Promise.allSettled(writes);
    const { bytes } = one.stats().sent;
    const taken = one[way]();
    const [first, behind] = (await outcomes) as PromiseRejectedResult[];
    expect(first?.reason).toMatchObject({ code: 'ERR_SOCKET_CLOSED', bytesWritten: bytes });
    expect(bytes).toBeGreaterThan(0);
    // Of others nothing had.
    for (const error of [behind?.reason, await reading]) {
      expect(error).toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
      expect(error).not.toHaveProperty('bytesWritten');
    }
    if (taken instanceof FileDescriptor) taken.close();
    else if (!(taken instanceof Promise)) taken.destroy();
    await other.close();
  },
);

test('an abort in the middle of a write fails those behind it: no hole in the stream', async () => {
  const [one, other] = UnixStream.pair();
  const controller = new AbortController();
  const { signal } = controller;
  const writes = [
    one.write(Buffer.alloc(1 << 20, 'a'), { signal }),
    one.write('b'),
    one.write('c', { signal: new AbortController().signal }),
  ];
  const outcomes = Promise.allSettled(writes);
  controller.abort();
  const reasons = (await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason);
  const sent = one.stats().sent.bytes;
  expect(reasons).toMatchObject([
    { code: 'ABORT_ERR', bytesWritten: sent },
    { code: 'ECANCELED', syscall: 'write', bytesWritten: 0 },
    { code: 'ECANCELED', syscall: 'write', bytesWritten: 0 },
  ]);
  one.shutdown('write');
  let received = '';
  for await (const chunk of other) received += chunk;
  expect(received).toBe('a'.repeat(sent));
  await one.close();
  await other.close();
});

test('an abort of a write of which nothing has gone lets those behind it go', async () => {
  const [one, other] = UnixStream.pair();
  const controller = new AbortController();
  const large = one.write(Buffer.alloc(1 << 20, 'a'));
  const aborted = one.write('b', { signal: controller.signal });
  const behind = one.write('c').then(() => one.shutdown('write'));
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR', bytesWritten: 0 });
  let received = '';
  for await (const chunk of other) received += chunk;
  await Promise.all([large, behind]);
  expect(received).toBe(`${'a'.repeat(1 << 20)}c`);
  await one.close();
  await other.close();
});

test.each(['one buffer', 'several'])('memory that is detached while it waits: %s', async (what) => {
  const [one, other] = UnixStream.pair();
  const large = new Uint8Array(1 << 20);
  const parts = what === 'several' ? [Buffer.alloc(1 << 20), large, 'end'] : large;
  const outcomes = Promise.allSettled([one.write(parts), one.write('behind')]);
  structuredClone(large, { transfer: [large.buffer] });
  let received = 0;
  const reading = (async () => {
    for await (const chunk of other) received += chunk.length;
  })();
  const [first, behind] = (await outcomes) as PromiseRejectedResult[];
  const sent = one.stats().sent.bytes;
  expect(sent).toBeLessThan(1 << 20);
  expect(first?.reason).toMatchObject({ code: 'ERR_INVALID_STATE', bytesWritten: sent });
  expect(behind?.reason).toMatchObject({ code: 'ECANCELED', bytesWritten: 0 });
  one.shutdown('write');
  await reading;
  expect(received).toBe(sent);
  await one.close();
  await other.close();
});

test('half-close: the end arrives after what was queued, the answer after it', async () => {
  const [one, other] = UnixStream.pair();
  const large = Buffer.alloc(3_000_000, 'x');
  const writing = one.write(large);
  one.shutdown('write');
  await expect(one.write('late')).rejects.toMatchObject({ code: 'EPIPE' });
  let length = 0;
  for await (const chunk of other) length += chunk.length;
  await writing;
  expect(length).toBe(large.length);
  await other.write('answer');
  expect(String(await one.read())).toBe('answer');
  await one.close();
  await other.close();
});

test('pipeline of stream/promises takes it as a source', async () => {
  const [one, other] = UnixStream.pair();
  await other.write('through');
  other.shutdown('write');
  let text = '';
  await pipeline(one, async (source) => {
    for await (const chunk of source) text += Buffer.from(chunk).toString();
  });
  expect(text).toBe('through');
  await one.close();
  await other.close();
});

test('toDuplex(): ownership moves, the descriptor stays the same', async () => {
  const [one, other] = UnixStream.pair();
  const pending = one.read();
  const { fd } = one;
  const socket = one.toDuplex({ highWaterMark: 5 });
  await expect(pending).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  expect([one.closed, one.fd, socket.fd]).toEqual([true, -1, fd]);
  expect(socket.writableHighWaterMark).toBe(5);
  expect(() => one.toDuplex()).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
  await one.close();

  await other.write('to the duplex');
  expect(String((await once(socket, 'data'))[0])).toBe('to the duplex');
  socket.end('and back');
  expect(String(await other.read())).toBe('and back');
  await other.close();
  await once(socket, 'close');
  expect(openDescriptors().has(fd)).toBe(false);
});

test('toDuplex() goes on receiving descriptors', async () => {
  const [one, other] = UnixStream.pair({ maxFds: 1 });
  const socket = one.toDuplex();
  const got = once(socket, 'fds');
  socket.resume();
  await other.write('x', { fds: [0] });
  const [fds] = await got;
  expect(fds).toHaveLength(1);
  fds[0].close();
  socket.destroy();
  await other.close();
});

test('toDuplex() goes on telling of credentials, and lets no pidfd in', async () => {
  const [one, other] = UnixStream.pair({ credentials: true, pidfds });
  const socket = one.toDuplex();
  const told = once(socket, 'credentials');
  const before = openDescriptors();
  for (const text of ['first', 'second', 'third']) {
    await other.write(text);
    expect(String((await once(socket, 'data'))[0])).toBe(text);
  }
  expect((await told)[0]).toMatchObject({ pid: process.pid });
  expect(openDescriptors()).toEqual(before);
  socket.destroy();
  await other.close();
});

test.each([
  [{ signal: {} as never }, 'ERR_INVALID_ARG_TYPE'],
  [{ highWaterMark: -1 }, 'ERR_INVALID_ARG_VALUE'],
])('toDuplex(%j) is refused, and the socket stays', async (options, code) => {
  const [one, other] = UnixStream.pair();
  const { fd } = one;
  expect(() => one.toDuplex(options)).toThrow(expect.objectContaining({ code }));
  expect([one.closed, one.fd]).toEqual([false, fd]);
  await one.write('still here');
  expect(String(await other.read())).toBe('still here');
  await one.close();
  await other.close();
});

test('UnixListener accepts net sockets, by accept() and by iteration', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  const clients = [connect(scratch.path()), connect(scratch.path())];
  await using first = await listener.accept();
  for await (const second of listener) {
    await second.write('second');
    await second.close();
    break;
  }
  await first.write('first');
  await first.close();
  const texts = await Promise.all(clients.map(async (client) => String(await client.toArray())));
  expect(texts.sort()).toEqual(['first', 'second']);
});
