// end(), which writes out and closes, and tryWrite(), which never waits.
import { openSync } from 'node:fs';
import { FileDescriptor, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';

checkDescriptors();

async function readAll(stream: UnixStream): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

test('end() writes out what is queued, then closes', async () => {
  const [near, far] = UnixStream.pair();
  const written = near.write(Buffer.alloc(3_000_000));
  const ended = [near.end(), near.end()];
  expect(near.closed).toBe(false);
  await expect(near.write('x')).rejects.toMatchObject({ code: 'EPIPE' });
  expect(() => near.tryWrite('x')).toThrow(expect.objectContaining({ code: 'EPIPE' }));
  expect(await readAll(far)).toBe(3_000_000);
  await written;
  await Promise.all(ended);
  expect(near.closed).toBe(true);
  await expect(near.end()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  await far.close();
});

test('end() with nothing queued closes at once', async () => {
  const [near, far] = UnixStream.pair();
  await near.write('x');
  const ended = near.end();
  expect(near.closed).toBe(true);
  await ended;
  expect(await readAll(far)).toBe(1);
  await far.close();
});

test('end() while nobody reads: close() ends it, and the write', async () => {
  const [near, far] = UnixStream.pair();
  const written = near.write(Buffer.alloc(3_000_000));
  const ended = near.end();
  near.shutdown('write');
  await near.close();
  await ended;
  await expect(written).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  await far.close();
});

test('end() when the peer goes: the write says so, and the socket closes', async () => {
  const [near, far] = UnixStream.pair();
  const written = near.write(Buffer.alloc(3_000_000));
  const ended = near.end();
  await far.close();
  await expect(written).rejects.toMatchObject({
    code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/),
  });
  await ended;
  expect(near.closed).toBe(true);
});

test('tryWrite() writes what there is room for', async () => {
  const [near, far] = UnixStream.pair({ maxFds: 1 });
  using file = new FileDescriptor(openSync('/dev/null', 'r'));
  expect(near.tryWrite(['a', Buffer.from('bc')], { fds: [file] })).toBe(3);
  const message = await far.receive();
  expect([message?.data.toString(), message?.fds.length]).toEqual(['abc', 1]);
  message?.fds[0]?.close();
  let written = 0;
  for (;;) {
    const count = near.tryWrite(Buffer.alloc(1_000_000));
    if (count === 0) break;
    written += count;
  }
  expect(written).toBeGreaterThan(50_000);
  expect(near.tryWrite('x', { fds: [file] })).toBe(0);
  expect(near.stats().queue).toEqual({ messages: 0, bytes: 0 });
  for (let read = 0; read < written; ) read += (await far.read())?.length ?? 0;
  const queued = near.write(Buffer.alloc(3_000_000));
  expect(near.tryWrite('x')).toBe(0);
  await Promise.all([queued, far.readExactly(3_000_000)]);
  await far.close();
  expect(() => near.tryWrite('x')).toThrow(expect.objectContaining({ code: 'EPIPE' }));
  await near.close();
  expect(() => near.tryWrite('x')).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
});

test('tryWrite() of wrong arguments', async () => {
  const [near, far] = UnixStream.pair();
  expect(near.tryWrite('')).toBe(0);
  expect(() => near.tryWrite('', { fds: [0] })).toThrow('ride on');
  expect(() => near.tryWrite(1 as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  expect(() => near.tryWrite('x', { signal: 1 } as never)).toThrow('not an option');
  await near.close();
  await far.close();
});
