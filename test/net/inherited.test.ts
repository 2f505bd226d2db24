// Descriptors that a program was started with, or got, as node:net takes them over.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { UnixStream } from 'afunix';
import net from 'afunix/net';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { openFile } from '../helpers/descriptors.js';
import { happens, likeNode, type Stage } from '../helpers/like-node.js';
import { Scratch } from '../helpers/scratch.js';

const NOT_OPEN = 9999;

/** Notes what becomes of `listen({ fd })`. */
async function listen(stage: Stage, fd: number, ...rest: unknown[]): Promise<void> {
  const server = stage.watch('server', stage.track(stage.net.createServer()), 'listening error');
  (server.listen as (...values: unknown[]) => void)({ fd }, ...rest);
  stage.note('server', server.listening);
  await Promise.race([happens(server, 'listening'), happens(server, 'error')]);
  stage.note('server', server.listening);
}

const unfit: [name: string, make: () => number][] = [
  ['that is not open', () => NOT_OPEN],
  ['of a file', () => openFile(process.execPath, 'r')],
  ['of a datagram socket', () => raw.socket(raw.AF_UNIX, raw.SOCK_DGRAM)],
  ['of a socket that is not bound', () => raw.socket(raw.AF_UNIX, raw.SOCK_STREAM)],
  ['of a connected socket', () => raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM)[0]],
];

for (const [name, make] of unfit) {
  likeNode(`listen({ fd }) ${name}: 'error'`, (stage) => listen(stage, make()));
}

for (const rest of [[], [3], [3, () => {}]]) {
  likeNode(`listen({ fd }, ${rest.map(String)}) of a bound socket listens`, async (stage) => {
    const fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
    raw.bind(fd, stage.path);
    await listen(stage, fd, ...rest);
    await happens(stage.connect(), 'connect');
  });
}

test("what listen({ fd }) refuses stays its owner's, and the error has the reason", async () => {
  const [one, other] = UnixStream.pair();
  using fd = one.detach();
  const server = net.createServer().listen({ fd });
  const [error] = await happens(server, 'error');
  expect(error).toMatchObject({ code: 'EINVAL', cause: { code: 'EINVAL', syscall: 'listen' } });
  expect([fd.closed, fd.kind, server.listening]).toEqual([false, 'socket', false]);
  fd.close();
  const [closed] = await happens(net.createServer().listen({ fd }), 'error');
  expect(closed).toMatchObject({ code: 'EINVAL', cause: { code: 'ERR_SOCKET_CLOSED' } });
  await other.close();
});

for (const [name, make] of unfit.slice(0, 3)) {
  likeNode(`new Socket({ fd }) ${name}`, async (stage) => {
    try {
      new stage.net.Socket({ fd: make() });
    } catch (error) {
      const { name, message, code } = error as NodeJS.ErrnoException;
      stage.note('error', name, code, message.replace('INVALID', 'UNKNOWN'));
    }
  });
}

/** Both ends of a FIFO. */
function fifo(stage: Stage): { reader: Socket; writer: Socket } {
  execFileSync('mkfifo', [stage.path]);
  const both = openSync(stage.path, 'r+');
  const [read, write] = [openFile(stage.path, 'r'), openFile(stage.path, 'w')];
  closeSync(both);
  const { Socket } = stage.net;
  return {
    reader: stage.track(new Socket({ fd: read, readable: true, writable: false })),
    writer: stage.track(new Socket({ fd: write, readable: false, writable: true })),
  };
}

const all = 'data end finish error timeout close';

likeNode('a FIFO from end to end', async (stage) => {
  const { reader, writer } = fifo(stage);
  const state = (): void => {
    for (const [who, it] of Object.entries({ reader, writer })) {
      stage.note(who, it.readyState, it.pending, it.readable, it.writable, it.destroyed);
      stage.note(who, it.bytesRead, it.bytesWritten, it.bufferSize);
    }
  };
  state();
  stage.watch('reader', reader.setEncoding('utf8'), all);
  stage.watch('writer', writer, all);
  writer.write('hello', (error) => stage.note('writer', 'written', error));
  await happens(reader, 'data');
  state();
  writer.cork();
  writer.write('a');
  writer.write(Buffer.from('b'));
  writer.write('63', 'hex');
  writer.uncork();
  await happens(reader, 'data');
  writer.setTimeout(5);
  await happens(writer, 'timeout');
  writer.end('end');
  await Promise.all([happens(reader, 'close'), happens(writer, 'close')]);
  state();
});

likeNode('a FIFO: backpressure, pause and resume', async (stage) => {
  const { reader, writer } = fifo(stage);
  stage.note('writer', writer.write(Buffer.alloc(1 << 20, 'x')));
  let bytes = 0;
  reader.on('data', (data) => {
    bytes += data.length;
    reader.pause();
    setImmediate(() => reader.resume());
  });
  await happens(writer, 'drain');
  writer.unref().ref().end();
  await happens(reader, 'end');
  stage.note('reader', bytes, reader.bytesRead, writer.bytesWritten);
});

likeNode('a FIFO whose reader goes: EPIPE', async (stage) => {
  const { reader, writer } = fifo(stage);
  stage.watch('writer', writer, 'error close');
  reader.destroy();
  await happens(reader, 'close');
  writer.write('x', (error) => stage.note('write', error));
  await happens(writer, 'close');
});

test('a FIFO takes no descriptors, and has none of the options for them', async () => {
  using scratch = new Scratch();
  execFileSync('mkfifo', [scratch.path()]);
  const fd = openFile(scratch.path(), 'r+');
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
  expect(() => new net.Socket({ fd, maxFds: 1 })).toThrow(refused);
  expect(() => new net.Socket({ fd, credentials: true })).toThrow(refused);
  const socket = new net.Socket({ fd });
  expect(socket.fd).toBe(fd);
  expect(() => socket.writeWithFds('x', [0])).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_STATE' }),
  );
  expect(socket.stats()).toBeUndefined();
  socket.destroy();
  await happens(socket, 'close');
  expect(socket.fd).toBe(-1);
});
