// All bytes of every write arrive, once, in order, whatever the sizes and however they are read.
import { createHash, randomBytes } from 'node:crypto';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';

const hash = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

test('concurrent writes of all sizes keep their order', async () => {
  const [a, b] = UnixStream.pair();
  const parts = Array.from({ length: 200 }, (_, i) => randomBytes((i * 7919) % 100_000));
  const writes = Promise.all(parts.map((part) => a.write(part))).then(() => a.shutdown('write'));
  const chunks: Buffer[] = [];
  for await (const chunk of b) chunks.push(chunk);
  await writes;
  expect(hash(Buffer.concat(chunks))).toBe(hash(Buffer.concat(parts)));
  await Promise.all([a.close(), b.close()]);
});

test('an array of more buffers than one call takes, some of them empty', async () => {
  const [a, b] = UnixStream.pair();
  const parts = Array.from({ length: 3000 }, (_, i) => randomBytes(i % 300));
  const write = a.write(parts).then(() => a.shutdown('write'));
  const chunks: Buffer[] = [];
  for await (const chunk of b) chunks.push(chunk);
  await write;
  expect(hash(Buffer.concat(chunks))).toBe(hash(Buffer.concat(parts)));
  await Promise.all([a.close(), b.close()]);
});

test('read(buffer) fills the caller’s memory and returns a view of it', async () => {
  const [a, b] = UnixStream.pair();
  const memory = new Uint8Array(10);
  await a.write('0123456789ABCDEF');
  const first = await b.read(memory.subarray(2, 6));
  expect([`${first}`, first?.buffer === memory.buffer]).toEqual(['0123', true]);
  expect([...memory]).toEqual([0, 0, 48, 49, 50, 51, 0, 0, 0, 0]);
  const waiting = b.read(memory).then(async (view) => `${view}`);
  expect(await waiting).toBe('456789ABCD');
  expect(`${await b.read()}`).toBe('EF');
  expect((await b.read(new Uint8Array(0)))?.length).toBe(0);
  await Promise.all([a.close(), b.close()]);
});

test('reads of every kind that wait are served in order', async () => {
  const [a, b] = UnixStream.pair();
  const reads = [b.read(), b.read(Buffer.alloc(8)), b.receive(), b.read()];
  for (const text of ['one', 'two', 'three', 'four']) {
    await a.write(text);
    await reads[['one', 'two', 'three', 'four'].indexOf(text)];
  }
  const results = await Promise.all(reads);
  expect(results.map((result) => `${Buffer.isBuffer(result) ? result : result?.data}`)).toEqual([
    'one',
    'two',
    'three',
    'four',
  ]);
  await Promise.all([a.close(), b.close()]);
});

test('what was read is the reader’s to keep', async () => {
  const [a, b] = UnixStream.pair();
  const kept: Buffer[] = [];
  for (let i = 0; i < 2000; i += 1) {
    await a.write(`message ${i}`);
    kept.push((await b.read()) as Buffer);
  }
  expect(kept.map(String)).toEqual(Array.from({ length: 2000 }, (_, i) => `message ${i}`));
  await Promise.all([a.close(), b.close()]);
});

test('half-close: the end arrives after the bytes, and the other way stays open', async () => {
  const [a, b] = UnixStream.pair();
  const write = a.write(Buffer.alloc(500_000));
  a.shutdown('write'); // takes effect after the write that is pending
  await expect(a.write('late')).rejects.toMatchObject({ code: 'EPIPE', syscall: 'write' });
  let received = 0;
  for await (const chunk of b) received += chunk.length;
  await write;
  expect(received).toBe(500_000);
  expect([await b.read(), await b.receive(), await b.read(Buffer.alloc(1))]).toEqual([
    null,
    null,
    null,
  ]);
  await b.write('still open');
  expect(`${await a.read()}`).toBe('still open');
  await Promise.all([a.close(), b.close()]);
});

test('the peer closes with bytes unread: first its bytes, then ECONNRESET, then the end', async () => {
  const [a, b] = UnixStream.pair();
  await a.write('unread');
  await b.write('last words');
  await b.close();
  expect(`${await a.read()}`).toBe('last words');
  await expect(a.read()).rejects.toMatchObject({ code: 'ECONNRESET', errno: -104 });
  expect(await a.read()).toBe(null);
  await expect(a.write('x')).rejects.toMatchObject({ code: 'EPIPE', message: 'write EPIPE' });
  await a.close();
});
