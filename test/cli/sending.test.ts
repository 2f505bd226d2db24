// What `send` and `connect` read, and what they send of it, when.
import { once } from 'node:events';
import { UnixDatagram, UnixListener } from 'afunix';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const { Frames, framed } = await import(fromRoot('dist/cli/frames.js'));

test('bytes are sent as they come', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using sender = afunix(['send', scratch.path()]);
  await using peer = await listener.accept();

  sender.process.stdin?.write('one');
  expect(`${await peer.read()}`).toBe('one');
  sender.process.stdin?.end('two');
  expect(`${await peer.read()}`).toBe('two');
  await sender.succeeds();
});

test.each(['send', 'connect'])(
  '%s: what is too long for a message is an error at once',
  async (command) => {
    using scratch = new Scratch();
    await using _socket = await UnixDatagram.bind(scratch.path());
    await using sender = afunix([command, '-q', '-t', 'dgram', scratch.path()]);
    const stdin = sender.process.stdin;

    // No newline, no end.
    stdin?.write(Buffer.alloc(1 << 20, 'x'));
    const { code, stderr } = await sender.ended;
    expect(stderr).toMatch(/is longer than a message may be, \d+ bytes: .*in parts/);
    expect(code).toBe(1);
  },
);

test('the longest message arrives', async () => {
  using scratch = new Scratch();
  await using socket = await UnixDatagram.bind(scratch.path());
  await using other = UnixDatagram.unbound();
  const max = other.sendBufferSize - (process.platform === 'linux' ? 32 : 0);
  await using sender = afunix(['send', '-t', 'dgram', scratch.path()]);

  sender.process.stdin?.end(Buffer.alloc(max, 'x'));
  expect((await socket.receive()).size).toBe(max);
  await sender.succeeds();
});

describe('--framing', () => {
  test.each([
    ['line', 'one\n\ntwo\n'],
    ['nul', 'one\0\0two\0'],
    ['length', '\0\0\0\x03one\0\0\0\0\0\0\0\x03two'],
  ])('%s: of stdin, and of stdout', async (framing, text) => {
    using scratch = new Scratch();
    const args = ['-t', 'dgram', '--framing', framing, scratch.path()];
    await using receiver = await listening(['receive', '-k', ...args]);
    await using sender = afunix(['send', ...args]);

    sender.process.stdin?.end(text);
    await sender.succeeds();
    await receiver.says(text);
  });

  test.each(['line', 'nul', 'length'])('%s: in pieces of any size', (framing) => {
    const separator = framing === 'line' ? 10 : 0;
    const byte = fc
      .integer({ min: 0, max: 255 })
      .filter((n) => framing === 'length' || n !== separator);
    const message = fc.array(byte, { maxLength: 9 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        fc.array(message),
        fc.array(fc.integer({ min: 1, max: 7 })),
        (messages, sizes) => {
          const stream = Buffer.concat(messages.map((one) => framed(framing, one)));
          const frames = new Frames(framing, 9);
          const found: Buffer[] = [];
          for (let at = 0, i = 0; at < stream.length; i += 1) {
            const end = at + (sizes[i % sizes.length] ?? 1);
            found.push(...frames.push(stream.subarray(at, end)));
            at = end;
          }
          expect(found.map((one) => one.toString('hex'))).toEqual(
            messages.map((one) => one.toString('hex')),
          );
          expect(frames.end()).toBe(undefined);
        },
      ),
    );
  });

  test.each(['line', 'nul', 'length'])('%s: copies each byte once', (framing) => {
    const size = 1 << 16;
    const frames = new Frames(framing, size);
    const stream = framed(framing, Buffer.alloc(size, 'x'));
    const copy = vi.spyOn(Buffer, 'concat');
    for (const byte of stream) {
      for (const message of frames.push(Buffer.of(byte))) expect(message).toHaveLength(size);
    }
    const copied = copy.mock.results.reduce((sum, { value }) => sum + value.length, 0);
    copy.mockRestore();
    expect(copied).toBeLessThan(size + 100);
    expect(copied).toBeGreaterThanOrEqual(size);
  });

  test('a stream that ends within a message, or before the one that its length promised', () => {
    for (const bytes of [
      [0, 0],
      [0, 0, 0, 3],
      [0, 0, 0, 3, 1],
    ]) {
      const frames = new Frames('length', 9);
      expect([...frames.push(Buffer.from(bytes))]).toEqual([]);
      expect(() => frames.end()).toThrow('within a message');
    }
  });

  test('a length that is too long is an error before its bytes come', () => {
    expect(() => [...new Frames('length', 9).push(Buffer.from([0, 0, 0, 10]))]).toThrow('longer');
  });
});

test('--timeout', async () => {
  using scratch = new Scratch();
  await using receiver = await listening(['receive', '--timeout', '0.2', scratch.path()]);

  const { code, stderr } = await receiver.ended;
  expect(stderr).toContain('nothing happened for 0.2 seconds');
  expect(code).toBe(1);
});

test('--wait, until somebody listens there', async () => {
  using scratch = new Scratch();
  await using sender = afunix(['send', '--wait', scratch.path(), 'hi']);
  await Promise.race([once(sender.process, 'exit'), new Promise((done) => setTimeout(done, 1000))]);
  expect(sender.process.exitCode).toBe(null);

  await using listener = await UnixListener.bind(scratch.path());
  await using peer = await listener.accept();
  expect(`${await peer.read()}`).toBe('hi');
  await sender.succeeds();
});

test('--retry: so many times more', async () => {
  using scratch = new Scratch();
  await using sender = afunix(['send', '--retry', '1', scratch.path(), 'hi']);
  const start = performance.now();

  expect(await sender.ended).toMatchObject({ code: 1 });
  expect(sender.stderr).toContain('ENOENT');
  expect(performance.now() - start).toBeGreaterThan(1000);
});
