// stdin and stdout are pipes, and their other ends have a will of their own.
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnixListener, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const connections = hasSeqpacket ? ['stream', 'seqpacket'] : ['stream'];

const PART = Buffer.alloc(64 << 10, 'afunix');

test.each(['connect', 'send'])('%s: a peer that does not read holds up stdin', async (command) => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using client = afunix([command, scratch.path()]);
  await using peer = await listener.accept();
  const stdin = client.process.stdin as Writable;
  const size = 16 << 20;

  for (let sent = 0; sent < size; sent += PART.length) stdin.write(PART);
  stdin.end();
  for (let last = size + 1; stdin.writableLength < last; await sleep(500)) {
    last = stdin.writableLength;
  }
  // What the kernel's buffers and the stream's hold, and no more.
  expect(stdin.writableLength).toBeGreaterThan(size - (2 << 20));

  let received = 0;
  for await (const data of peer) received += data.length;
  expect(received).toBe(size);
  await peer.close();
  await client.succeeds();
});

test.each(['receive', 'listen'])('%s: whoever read our stdout has gone', async (command) => {
  using scratch = new Scratch();
  await using receiver = await listening([command, scratch.path()]);
  receiver.process.stdout?.destroy();
  await using stream = await UnixStream.connect(scratch.path());

  await stream.write('hello');
  expect(await receiver.ended).toMatchObject({ code: 0 });
  expect(receiver.stderr).not.toContain('EPIPE');
});

test('the peer has gone, with more to tell it: what it had said is printed, then the error', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using client = afunix(['connect', scratch.path()]);
  await using peer = await listener.accept();
  const stdin = client.process.stdin as Writable;

  // More than the kernel takes from a peer that does not read.
  for (let sent = 0; sent < 4 << 20; sent += PART.length) stdin.write(PART);
  while (peer.bytesReadable === 0) await sleep(10);
  await peer.write('enough\n');
  await peer.close();
  expect(await client.ended).toMatchObject({ code: 1, stdout: 'enough\n' });
  expect(client.stderr).toMatch(/^afunix: .*the other side (has )?closed the connection/m);
});

test.each(connections)('%s: the peer has gone, and stdin stays open', async (type) => {
  using scratch = new Scratch();
  await using server = await listening(['listen', '-t', type, scratch.path()]);
  await using client = afunix(['connect', '-t', type, scratch.path()]);
  await client.says('connected', 'stderr');
  await server.says('connected', 'stderr');

  server.kill();
  expect(await client.ended).toMatchObject({ code: 0 });
});

test.each(connections)('%s: a peer that has only ended is told all', async (type) => {
  using scratch = new Scratch();
  await using server = await listening(['listen', '-t', type, scratch.path()]);
  server.process.stdin?.end();
  await using client = afunix(['connect', '-t', type, scratch.path()]);
  await client.says('connected', 'stderr');

  // The end has long arrived.
  await sleep(300);
  client.process.stdin?.write('one\n');
  await server.says('one\n');
  client.process.stdin?.end('two\n');
  await client.succeeds();
  expect(await server.succeeds()).toBe('one\ntwo\n');
});

test('bytes that the peer did not read are an error', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using client = afunix(['connect', scratch.path()]);
  await using peer = await listener.accept();

  client.process.stdin?.write('hello');
  while (peer.bytesReadable < 5) await sleep(10);
  await peer.close();
  expect(await client.ended).toMatchObject({ code: 1 });
  expect(client.stderr).toContain('ECONNRESET');
});

test('stdin that is closed already', async () => {
  using scratch = new Scratch();
  await using server = await listening(['listen', scratch.path()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await using stream = await UnixStream.connect(scratch.path());

  expect(await stream.read()).toBe(null);
  await stream.write('hello');
  await stream.close();
  expect(await server.succeeds()).toBe('hello');
});

test('stdout that is full waits for its reader', async () => {
  using scratch = new Scratch();
  await using receiver = await listening(['receive', scratch.path()]);
  receiver.process.stdout?.pause();
  await using stream = await UnixStream.connect(scratch.path());
  const writing = stream.write(Buffer.alloc(4 << 20)).then(() => stream.close());

  await sleep(300);
  receiver.process.stdout?.resume();
  await writing;
  if (receiver.process.exitCode === null) await once(receiver.process, 'exit');
  expect((await receiver.succeeds()).length).toBe(4 << 20);
});
