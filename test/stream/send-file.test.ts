// sendFile(): parts of files in order with the writes, through the kernel alone.
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { FileDescriptor, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { fromRoot } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

async function readAll(stream: UnixStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.runIf(onLinux)('sendFile()', () => {
  const contents = Buffer.alloc(1_000_000);
  for (let at = 0; at < contents.length; at += 4) contents.writeUInt32LE(at, at);

  test('sends all of a file, or a part, between the writes', async () => {
    const [near, far] = UnixStream.pair();
    const file = FileDescriptor.sealed(contents);
    const sent = [
      near.write('before'),
      near.sendFile(file),
      near.write('between'),
      near.sendFile(file, { start: 10, end: 19 }),
      near.sendFile(file, { start: 999_999, end: 2_000_000 }),
      near.sendFile(file, { start: 1_000_000 }),
      near.end(),
    ];
    file.close();
    const received = await readAll(far);
    expect((await Promise.all(sent)).slice(1)).toEqual([
      ...[1_000_000, undefined, 10, 1, 0, undefined],
    ]);
    const parts = ['before', contents, 'between', contents.subarray(10, 20), contents.subarray(-1)];
    expect(received.equals(Buffer.concat(parts.map((part) => Buffer.from(part))))).toBe(true);
    await far.close();
  });

  test('moves no offset, and takes whatever has a descriptor', async () => {
    const [near, far] = UnixStream.pair();
    const handle = await open(fromRoot('test/stream/send-file.test.ts'), 'r');
    expect(await near.sendFile(handle, { end: 9 })).toBe(10);
    expect((await far.readExactly(10))?.toString()).toBe('// sendFil');
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4));
    expect([bytesRead, buffer.toString()]).toEqual([4, '// s']);
    await handle.close();
    await near.close();
    await far.close();
  });

  test('of a file that becomes shorter sends what there is', async () => {
    using scratch = new Scratch();
    const path = scratch.path('file');
    writeFileSync(path, contents);
    const [near, far] = UnixStream.pair();
    const fd = openSync(path, 'r');
    const sending = near.sendFile(fd);
    closeSync(fd);
    truncateSync(path, 500_000);
    const ended = near.end();
    const received = await readAll(far);
    expect(received.length).toBe(500_000);
    expect(await sending).toBe(received.length);
    await ended;
    await far.close();
    expect(readFileSync(path).length).toBe(500_000);
  });

  test('an abort says how much went, and what follows fails', async () => {
    const [near, far] = UnixStream.pair();
    using file = FileDescriptor.sealed(contents);
    const aborting = new AbortController();
    const sending = near.sendFile(file, { signal: aborting.signal });
    const behind = near.write('x');
    aborting.abort();
    const error = await sending.catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ABORT_ERR', bytesWritten: far.bytesReadable });
    expect(error.bytesWritten).toBeGreaterThan(0);
    await expect(behind).rejects.toMatchObject({ code: 'ECANCELED' });
    await near.close();
    await far.close();
  });

  test('to a peer that goes', async () => {
    const [near, far] = UnixStream.pair();
    using file = FileDescriptor.sealed(contents);
    const sending = near.sendFile(file);
    await far.close();
    await expect(sending).rejects.toMatchObject({ code: 'EPIPE' });
    await expect(near.sendFile(file)).rejects.toMatchObject({ code: 'EPIPE' });
    await near.close();
    await expect(near.sendFile(file)).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  });

  test('wrong arguments', async () => {
    const [near, far] = UnixStream.pair();
    using file = FileDescriptor.sealed('abc');
    using device = new FileDescriptor(openSync('/dev/null', 'r'));
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'x');
    using writeOnly = new FileDescriptor(openSync(scratch.path('file'), 'a'));
    const wrong: [unknown, object | undefined, string][] = [
      ['/etc/passwd', undefined, 'ERR_INVALID_ARG_TYPE'],
      [device, undefined, 'ERR_INVALID_ARG_VALUE'],
      [near, undefined, 'ERR_INVALID_ARG_VALUE'],
      [999_999, undefined, 'EBADF'],
      [writeOnly, undefined, 'EBADF'],
      [file, { start: -1 }, 'ERR_OUT_OF_RANGE'],
      [file, { start: 2, end: 1 }, 'ERR_OUT_OF_RANGE'],
      [file, { length: 1 }, 'ERR_INVALID_ARG_VALUE'],
      [file, { signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [fd, options, code] of wrong) {
      await expect(near.sendFile(fd as never, options)).rejects.toMatchObject({ code });
    }
    near.shutdown('write');
    await expect(near.sendFile(file)).rejects.toMatchObject({ code: 'EPIPE' });
    await near.close();
    await far.close();
  });
});

test.runIf(!onLinux)('there is none', async () => {
  const [near, far] = UnixStream.pair();
  using scratch = new Scratch();
  writeFileSync(scratch.path('file'), 'x');
  using file = new FileDescriptor(openSync(scratch.path('file'), 'r'));
  await expect(near.sendFile(file)).rejects.toMatchObject({
    code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
  });
  await near.close();
  await far.close();
});
