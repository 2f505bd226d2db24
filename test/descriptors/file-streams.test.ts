// toReadStream() reads by position; toWriteStream() writes where the shared offset stands, or by position.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { type FdLike, FileDescriptor, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** Each, as another process would receive it. */
async function received(...fds: FdLike[]): Promise<FileDescriptor[]> {
  const [first, second] = UnixStream.pair({ maxFds: 8 });
  await first.write('x', { fds });
  const message = await second.receive();
  await first.close();
  await second.close();
  return [...(message?.fds ?? [])];
}

function open(path: string, flags: string, contents?: string): FileDescriptor {
  if (contents !== undefined) fs.writeFileSync(path, contents);
  return new FileDescriptor(fs.openSync(path, flags));
}

/** The bytes that read(2) finds from the shared offset on. */
function rest(fd: FileDescriptor): string {
  const bytes = Buffer.alloc(100);
  return bytes.toString('utf8', 0, fs.readSync(fd.fd, bytes, 0, 100, null));
}

async function written(stream: fs.WriteStream, data: string): Promise<void> {
  await once(stream.end(data), 'close');
}

test.runIf(onLinux)('one sealed file, sent twice, reads the same twice', async () => {
  using sealed = FileDescriptor.sealed('hello');
  for (const fd of await received(sealed, sealed)) {
    expect(await text(fd.toReadStream())).toBe('hello');
  }
});

test('the shared offset is neither used nor moved', async () => {
  using scratch = new Scratch();
  using own = open(scratch.path(), 'r', 'contents');
  fs.readSync(own.fd, Buffer.alloc(3), 0, 3, null);
  const [first, second] = (await received(own, own)) as [FileDescriptor, FileDescriptor];
  const streams = [first.toReadStream(), second.toReadStream()];
  expect(await Promise.all(streams.map((stream) => text(stream)))).toEqual([
    'contents',
    'contents',
  ]);
  expect(rest(own)).toBe('tents');
});

test('start, end and highWaterMark', async () => {
  using scratch = new Scratch();
  using own = open(scratch.path(), 'r', 'contents');
  const read = (options: Parameters<FileDescriptor['toReadStream']>[0]): Promise<string> =>
    text(own.dup().toReadStream(options));
  expect(await read({ start: 3 })).toBe('tents');
  expect(await read({ end: 2 })).toBe('con');
  expect(await read({ start: 3, end: 3 })).toBe('t');
  expect(await read({ start: 8 })).toBe('');
  const chunks = await own.dup().toReadStream({ highWaterMark: 3 }).map(String).toArray();
  expect(chunks).toEqual(['con', 'ten', 'ts']);
  const stream = own.dup().toWriteStream({ highWaterMark: 7 });
  expect(stream.writableHighWaterMark).toBe(7);
  stream.destroy();
  await once(stream, 'close');
});

test('a pipe has no positions', async () => {
  const [reader, writer] = pipe();
  expect(() => reader.toReadStream({ start: 0 })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  await written(writer.toWriteStream(), 'through');
  expect(await text(reader.toReadStream())).toBe('through');
});

/** Both ends of a FIFO. */
function pipe(): [FileDescriptor, FileDescriptor] {
  using scratch = new Scratch();
  execFileSync('mkfifo', [scratch.path('fifo')]);
  const both = fs.openSync(scratch.path('fifo'), 'r+'); // so that neither of the next waits
  const ends = ['r', 'w'].map((flags) => open(scratch.path('fifo'), flags));
  fs.closeSync(both);
  return ends as [FileDescriptor, FileDescriptor];
}

test('toWriteStream writes where the shared offset stands, and moves it', async () => {
  using scratch = new Scratch();
  using own = open(scratch.path(), 'w');
  fs.writeSync(own.fd, 'ab');
  const [fd] = (await received(own)) as [FileDescriptor];
  await written(fd.toWriteStream(), 'cd');
  fs.writeSync(own.fd, 'ef');
  expect(fs.readFileSync(scratch.path(), 'utf8')).toBe('abcdef');
});

test('toWriteStream with start writes there, and leaves the offset', async () => {
  using scratch = new Scratch();
  using own = open(scratch.path(), 'w');
  fs.writeSync(own.fd, 'abcd');
  const [fd] = (await received(own)) as [FileDescriptor];
  await written(fd.toWriteStream({ start: 1 }), 'XY');
  fs.writeSync(own.fd, 'ef');
  expect(fs.readFileSync(scratch.path(), 'utf8')).toBe('aXYdef');
});

test('wrong options are refused, and the descriptor stays', () => {
  using scratch = new Scratch();
  using file = open(scratch.path(), 'r', '');
  using device = open('/dev/null', 'r');
  const { toReadStream, toWriteStream } = FileDescriptor.prototype;
  const value = 'ERR_INVALID_ARG_VALUE';
  const range = 'ERR_OUT_OF_RANGE';
  for (const [call, fd, options, code, message] of [
    [toReadStream, file, { begin: 1 }, value, "'options.begin' is not an option of toReadStream"],
    [toWriteStream, file, { end: 1 }, value, "'options.end' is not an option of toWriteStream"],
    [toReadStream, file, { fs }, value, "'options.fs' is not an option"],
    [toReadStream, file, null, 'ERR_INVALID_ARG_TYPE', 'options'],
    [toReadStream, file, { start: '1' }, 'ERR_INVALID_ARG_TYPE', 'options.start'],
    [toReadStream, file, { start: 1.5 }, range, 'options.start'],
    [toReadStream, file, { start: -1 }, range, 'options.start'],
    [toReadStream, file, { start: 2 ** 53 }, range, 'options.start'],
    [toReadStream, file, { end: Number.POSITIVE_INFINITY }, range, 'options.end'],
    [toReadStream, file, { start: 2, end: 1 }, range, 'options.end'],
    [toReadStream, file, { highWaterMark: 0 }, range, 'options.highWaterMark'],
    [toReadStream, device, { start: 0 }, value, 'not for a character'],
    [toReadStream, device, { end: 0 }, value, 'not for a character'],
    [toWriteStream, device, { start: 0 }, value, 'not for a character'],
    [toWriteStream, file, { start: -1 }, range, 'options.start'],
    [toWriteStream, file, { highWaterMark: 0 }, range, 'options.highWaterMark'],
  ] as const) {
    expect(() => Reflect.apply(call, fd, [options]), JSON.stringify(options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
    expect(fd.closed).toBe(false);
  }
});

test('a patch of node:fs made later does not see the descriptors', async () => {
  using scratch = new Scratch();
  const fd = open(scratch.path(), 'w+', 'contents');
  const names = [
    'read',
    'write',
    'writev',
    'close',
    'createReadStream',
    'createWriteStream',
  ] as const;
  const originals = names.map((name) => fs[name]);
  const seen: string[] = [];
  for (const name of names) fs[name] = (() => seen.push(name)) as never;
  try {
    await written(fd.dup().toWriteStream(), 'new');
    expect(await text(fd.toReadStream())).toBe('new');
  } finally {
    names.forEach((name, index) => {
      fs[name] = originals[index] as never;
    });
  }
  expect(seen).toEqual([]);
});
