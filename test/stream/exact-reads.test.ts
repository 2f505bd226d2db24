// readExactly(), peeking, and reads that never wait: nothing is lost, and all are served in order.
import { openSync } from 'node:fs';
import { FileDescriptor, UnixStream } from 'afunix';
import { close } from 'afunix/raw';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';

checkDescriptors();

describe.each([0, 3])('maxFds: %i', (maxFds) => {
  let near: UnixStream;
  let far: UnixStream;
  beforeEach(() => {
    [near, far] = UnixStream.pair({ maxFds });
  });
  afterEach(async () => {
    await near.close();
    await far.close();
  });
  const text = async (read: Promise<Buffer | null>): Promise<string | undefined> =>
    (await read)?.toString();

  test('exact reads cut the stream where they say', async () => {
    await near.write('abcdef');
    expect(await text(far.readExactly(1))).toBe('a');
    expect(await text(far.readExactly(3))).toBe('bcd');
    const waiting = [far.readExactly(4), far.readExactly(1), far.read()].map(text);
    await near.write('gh');
    await near.write('ijk');
    expect(await Promise.all(waiting)).toEqual(['efgh', 'i', 'jk']);
  });

  test('more than a send buffer', async () => {
    const sent = Buffer.alloc(3_000_000, 'x');
    const reading = far.readExactly(sent.length);
    await Promise.all([near.write(sent), reading]);
    expect(sent.equals((await reading) as Buffer)).toBe(true);
  });

  test('the end: null before the first byte, an error in between', async () => {
    await near.write('abc');
    near.shutdown('write');
    await expect(far.readExactly(4)).rejects.toMatchObject({
      code: 'ERR_STREAM_PREMATURE_CLOSE',
      message: 'The stream ended after 3 of 4 bytes',
    });
    expect(await text(far.read())).toBe('abc');
    expect(await far.readExactly(4)).toBe(null);
  });

  test('an abort loses nothing, and those behind go on', async () => {
    const aborting = new AbortController();
    const exact = far.readExactly(9, { signal: aborting.signal });
    const behind = [far.readExactly(2), far.read()].map(text);
    await near.write('abcd');
    await new Promise((resolve) => setTimeout(resolve, 20));
    aborting.abort();
    await expect(exact).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(await Promise.all(behind)).toEqual(['ab', 'cd']);
    await near.write('e');
    expect(await text(far.readExactly(1))).toBe('e');
  });

  test('what an abort left is what tryRead() and peeking find', async () => {
    const aborting = new AbortController();
    const exact = far.readExactly(9, { signal: aborting.signal });
    await near.write('ab');
    await new Promise((resolve) => setTimeout(resolve, 20));
    aborting.abort();
    await expect(exact).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await far.waitReadable();
    expect((await far.receive({ peek: true }))?.data.toString()).toBe('ab');
    expect(() => far.detach()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    expect(far.tryRead(Buffer.alloc(1))?.toString()).toBe('a');
    expect(far.tryRead()?.toString()).toBe('b');
    expect(far.tryRead()).toBe(undefined);
  });

  test('close() while some of it is there', async () => {
    const exact = far.readExactly(9);
    await near.write('ab');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await far.close();
    await expect(exact).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    await expect(far.readExactly(1)).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    expect(() => far.tryRead()).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
    await expect(far.waitReadable()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  });

  test('peeking leaves everything there', async () => {
    const peeks = [far.receive({ peek: true }), far.receive({ peek: true })];
    await near.write('abc');
    for (const peek of peeks) expect((await peek)?.data.toString()).toBe('abc');
    expect((await far.receive({ peek: true }))?.data.toString()).toBe('abc');
    expect(await text(far.read())).toBe('abc');
    near.shutdown('write');
    expect(await far.receive({ peek: true })).toBe(null);
    expect(await far.read()).toBe(null);
  });

  test('waitReadable() reads nothing, and is served in order', async () => {
    const order: string[] = [];
    const first = far.read().then(() => order.push('read'));
    const ready = far.waitReadable().then(() => order.push('ready'));
    await near.write('a');
    await first;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(order).toEqual(['read']);
    await near.write('b');
    await ready;
    await far.waitReadable();
    expect(far.bytesReadable).toBe(1);
    await far.read();
    const ended = far.waitReadable();
    near.shutdown('write');
    await ended;
    expect(far.tryRead()).toBe(null);
    expect(far.tryReceive()).toBe(null);
  });

  test('reads that do not wait leave those that do their turn', async () => {
    expect([far.tryRead(), far.tryReceive()]).toEqual([undefined, undefined]);
    const read = text(far.read());
    await near.write('a');
    expect(far.tryRead()).toBe(undefined);
    expect(await read).toBe('a');
    await near.write('bc');
    const memory = Buffer.alloc(1);
    expect(far.tryRead(memory)).toBe(memory);
    expect(memory.toString()).toBe('b');
    expect(far.tryReceive()?.data.toString()).toBe('c');
  });

  test('wrong arguments', async () => {
    for (const size of [0, -1, 0.5, 2 ** 31]) {
      await expect(far.readExactly(size)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
    await expect(far.receive({ peek: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    expect(() => far.tryRead('' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

test('descriptors end an exact read, and wait with all the bytes', async () => {
  const [near, far] = UnixStream.pair({ maxFds: 1 });
  using file = new FileDescriptor(openSync('/dev/null', 'r'));
  await near.write('ab');
  await near.write('cd', { fds: [file] });
  await near.write('ef');
  const exact = far.readExactly(6);
  await expect(exact).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  let bytes = '';
  let count = 0;
  while (bytes.length < 6) {
    const message = await far.receive();
    bytes += message?.data;
    for (const fd of message?.fds ?? []) close(fd.detach());
    count += message?.fds.length ?? 0;
  }
  expect([bytes, count]).toEqual(['abcdef', 1]);
  await near.close();
  await far.close();
});

test('peeked descriptors are duplicates', async () => {
  const [near, far] = UnixStream.pair({ maxFds: 1 });
  using file = new FileDescriptor(openSync('/dev/null', 'r'));
  await near.write('x', { fds: [file] });
  for (const options of [{ peek: true }, {}]) {
    const message = await far.receive(options);
    expect([message?.data.toString(), message?.fds[0]?.kind]).toEqual(['x', 'character']);
    message?.fds[0]?.close();
  }
  await near.close();
  await far.close();
});
