// The two directions of a UnixStream as web streams.
import { pipeline } from 'node:stream/promises';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';

async function withPair(body: (one: UnixStream, other: UnixStream) => Promise<void>) {
  const [one, other] = UnixStream.pair();
  await using _one = one;
  await using _other = other;
  await body(one, other);
}

test('for await to the end', () =>
  withPair(async (one, other) => {
    await other.write('one ');
    await other.write('two');
    other.shutdown('write');
    let text = '';
    for await (const chunk of one.readable) text += Buffer.from(chunk).toString();
    expect(text).toBe('one two');
  }));

test('a BYOB reader reads into its own memory, which never overflows', () =>
  withPair(async (one, other) => {
    await other.write('abcdefg');
    const reader = one.readable.getReader({ mode: 'byob' });
    const first = await reader.read(new Uint8Array(4));
    expect(Buffer.from(first.value as Uint8Array).toString()).toBe('abcd');
    const second = await reader.read(new Uint8Array(first.value?.buffer as ArrayBuffer));
    expect(Buffer.from(second.value as Uint8Array).toString()).toBe('efg');
    other.shutdown('write');
    expect((await reader.read(new Uint8Array(4))).done).toBe(true);
  }));

test('what read() gave out before stays whole', () =>
  withPair(async (one, other) => {
    await other.write('kept');
    const kept = (await one.read()) as Buffer;
    const reader = one.readable.getReader();
    await other.write('taken');
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('taken');
    expect(kept.toString()).toBe('kept');
  }));

test('nothing is read ahead', () =>
  withPair(async (one, other) => {
    one.readable;
    await other.write('waiting');
    await new Promise((resolve) => setImmediate(resolve));
    expect(one.bytesReadable).toBe(7);
  }));

test('cancel ends a read that waits, and the peer hears of it', () =>
  withPair(async (one, other) => {
    const reader = one.readable.getReader();
    const waiting = reader.read();
    await reader.cancel('enough');
    expect((await waiting).done).toBe(true);
    await expect(other.write('x')).rejects.toMatchObject({ code: 'EPIPE' });
    await one.write('still writes');
    expect(String(await other.read())).toBe('still writes');
  }));

test('closing the socket fails a read that waits', () =>
  withPair(async (one) => {
    const waiting = one.readable.getReader().read();
    await one.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  }));

test('writable: backpressure until the peer reads', () =>
  withPair(async (one, other) => {
    const writer = one.writable.getWriter();
    const chunk = new Uint8Array(65_536).fill(7);
    const count = 40;
    const writes = Array.from({ length: count }, () => writer.write(chunk));
    expect(writer.desiredSize).toBeLessThan(0);
    const closed = writer.close();
    let length = 0;
    for await (const data of other) length += data.length;
    await Promise.all([...writes, closed]);
    expect(length).toBe(count * chunk.length);
  }));

test('writable: close() is the end for the peer, and reading goes on', () =>
  withPair(async (one, other) => {
    const writer = one.writable.getWriter();
    await writer.write('text ');
    await writer.write(Buffer.from('and bytes'));
    await writer.close();
    expect(String(await other.read())).toBe('text and bytes');
    expect(await other.read()).toBeNull();
    await other.write('answer');
    expect(String(await one.read())).toBe('answer');
  }));

test('writable: abort() ends a write that waits', () =>
  withPair(async (one) => {
    const writer = one.writable.getWriter();
    const waiting = writer.write(new Uint8Array(10_000_000));
    await new Promise((resolve) => setImmediate(resolve));
    const aborted = writer.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
    await aborted;
  }));

test('writable: a peer that is gone fails the write', () =>
  withPair(async (one, other) => {
    await other.close();
    await expect(one.writable.getWriter().write('x')).rejects.toMatchObject({ code: 'EPIPE' });
  }));

test('what is no data fails the stream, not the process', () =>
  withPair(async (one) => {
    await expect(one.writable.getWriter().write(1 as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
  }));

test('pipeTo through both, and the same objects each time', () =>
  withPair(async (one, other) => {
    expect(one.readable).toBe(one.readable);
    expect(one.writable).toBe(one.writable);
    const echo = other.readable.pipeTo(other.writable);
    const body = Buffer.alloc(1_000_000, 'echo');
    const back: Uint8Array[] = [];
    await Promise.all([
      pipeline([body], one.writable as never),
      (async () => {
        for await (const chunk of one) back.push(chunk);
      })(),
      echo,
    ]);
    expect(Buffer.concat(back).equals(body)).toBe(true);
  }));
