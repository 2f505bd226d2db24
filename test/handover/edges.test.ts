// Generations in one process: what happens at the edges of a handover.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { type Handover, type TakeOverOptions, takeOver } from 'afunix/handover';
import { attach, createServer, type Server } from 'afunix/net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askHttp, askNet } from '../helpers/load.js';
import { Scratch } from '../helpers/scratch.js';

let scratch: Scratch;
const open: (Handover | net.Server | Server)[] = [];

beforeEach(() => {
  scratch = new Scratch();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]().catch(() => {});
  scratch[Symbol.dispose]();
});

async function take(options?: TakeOverOptions): Promise<Handover> {
  const handover = await takeOver(scratch.path('handover'), options);
  open.push(handover);
  return handover;
}

/** A generation that answers with its name at `path`. */
async function generation(name: string, options?: TakeOverOptions): Promise<Handover> {
  const handover = await take(options);
  open.push(
    handover.listen('http', attach(http.createServer((_, r) => r.end(name))), scratch.path('http')),
  );
  return handover;
}

const ask = (): Promise<string> => askHttp({ socketPath: scratch.path('http') })();
const code = (expected: string): object => expect.objectContaining({ code: expected });

describe('a successor', () => {
  test('that leaves before it is ready: the predecessor goes on, and takes the next one', async () => {
    const first = await generation('first');
    await first.ready();
    const gone = await generation('gone');
    expect(gone.names).toEqual(['http']);
    await gone.close();
    expect(await gone.replaced).toBe(false);
    await gone.finished;
    await expect(gone.ready()).rejects.toThrow(code('ERR_SOCKET_CLOSED'));
    expect(await ask()).toBe('first');

    const second = await generation('second');
    await second.ready();
    expect(await first.replaced).toBe(true);
    await first.finished;
    expect(await ask()).toBe('second');
  });

  test('that is not ready in time', async () => {
    const first = await generation('first', { readyTimeout: 50 });
    await first.ready();
    const late = await generation('late');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(late.ready()).rejects.toThrow(code('ETIMEDOUT'));
    expect(await late.replaced).toBe(false);
    for (let i = 0; i < 3; i++) expect(await ask()).toBe('first');
  });

  test('whose server cannot listen', async () => {
    const first = await generation('first');
    await first.ready();
    const second = await generation('second');
    writeFileSync(scratch.path('file'), '');
    second.listen('other', attach(http.createServer()), scratch.path('file'));
    await expect(second.ready()).rejects.toThrow(code('EADDRINUSE'));
    for (let i = 0; i < 3; i++) expect(await ask()).toBe('first');
  });

  test('waits for a predecessor that is not ready, as long as its signal allows', async () => {
    await generation('first');
    const signal = AbortSignal.timeout(50);
    await expect(take({ signal })).rejects.toThrow(code('ABORT_ERR'));
  });

  test('begins anew when the one that it waits for leaves', async () => {
    const first = await generation('first');
    const waits = generation('second');
    await first.close();
    const second = await waits;
    expect(second.names).toEqual([]);
    await second.ready();
    expect(await ask()).toBe('second');
  });

  test('closes what it does not take', async () => {
    const first = await generation('first');
    await first.ready();
    const second = await take();
    await second.ready();
    await expect(ask()).rejects.toThrow(code('ECONNREFUSED'));
    expect(second.take('http')).toBeUndefined();
  });
});

describe('who may take over', () => {
  test('a predecessor refuses', async () => {
    const asked: unknown[] = [];
    const first = await generation('first', { authorize: (peer) => asked.push(peer) < 0 });
    await first.ready();
    await expect(take()).rejects.toThrow(code('EACCES'));
    expect(asked).toEqual([expect.objectContaining({ pid: process.pid, uid: process.getuid?.() })]);
    expect(await ask()).toBe('first');
  });

  test('a successor refuses', async () => {
    const first = await generation('first');
    await first.ready();
    await expect(take({ authorize: async () => false })).rejects.toThrow(code('EACCES'));
    expect(await ask()).toBe('first');
  });

  test('what is no process of this module', async () => {
    const first = await generation('first');
    await first.ready();
    for (const text of ['', 'x\n', '{"message":{"type":"odd"},"fds":0}\n', 'x'.repeat(2 ** 21)]) {
      const stranger = await UnixStream.connect(scratch.path('handover'), { maxFds: 2 });
      await stranger.write(text).catch(() => {});
      await stranger.close();
    }
    await (await generation('second')).ready();
    expect(await ask()).toBe('second');
  });
});

test('a path that is no socket', async () => {
  writeFileSync(scratch.path('handover'), '');
  await expect(take()).rejects.toThrow(code('EADDRINUSE'));
});

test('connections that authorize() has not decided on are served', async () => {
  const decisions: (() => void)[] = [];
  const authorize = (): Promise<boolean> =>
    new Promise((resolve) => decisions.push(() => resolve(true)));
  const first = await take();
  const server = createServer({ authorize }, (socket) => socket.resume().end('first line'));
  open.push(first.listen('own', server, scratch.path('own')));
  const listener = await UnixListener.bind(scratch.path('listener'), { authorize });
  first.offer('listener', listener);
  await first.ready();
  const served = (async () => {
    for await (const connection of listener) {
      await connection.read(); // or the close would be an error to the client
      await connection.write('first line');
      await connection.close();
    }
  })();
  const own = askNet({ path: scratch.path('own') })();
  const promised = askNet({ path: scratch.path('listener') })();
  while (decisions.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));

  const second = await take();
  open.push(
    second.listen(
      'own',
      createServer((s) => s.resume().end('second line')),
      scratch.path('own'),
    ),
  );
  await second.ready();
  await first.replaced;
  expect(await askNet({ path: scratch.path('own') })()).toBe('second');
  let finished = false;
  first.finished.then(() => {
    finished = true;
  }, console.error);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(finished).toBe(false);
  for (const decide of decisions) decide();
  expect(await own).toBe('first');
  expect(await promised).toBe('first');
  await served;
  await first.finished;
});

test('a connection that is kept alive ends with its next response, or when it is idle', async () => {
  const first = await generation('first', { idleTimeout: 200 });
  await first.ready();
  const agent = new http.Agent({ keepAlive: true });
  const request = (): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      http.get({ socketPath: scratch.path('http'), agent }, resolve).on('error', reject);
    });
  const used = (await request()).resume();
  expect(used.headers.connection).toBe('keep-alive');
  await once(used, 'close');
  const idle = net.connect(scratch.path('http')).resume();
  await once(idle, 'connect');
  await askHttp({ socketPath: scratch.path('http') })(); // it is accepted
  await (await generation('second')).ready();
  const last = (await request()).resume();
  expect(last.headers.connection).toBe('close');
  await once(idle, 'close');
  await first.finished;
  agent.destroy();
});

test('connections and datagram sockets go along', async () => {
  const first = await take();
  await using datagram = await UnixDatagram.bind(scratch.path('datagram'));
  first.offer('datagram', datagram);
  await first.ready();
  const [mine, its] = UnixStream.pair();
  expect(await first.give(its)).toBe(false);

  const got: unknown[] = [];
  const second = await take({ onConnection: (fd, data) => got.push(UnixStream.fromFd(fd), data) });
  await using inherited = UnixDatagram.fromFd(second.take('datagram') as never);
  await second.ready();
  await first.replaced;
  expect(await first.give(its, { user: 7 })).toBe(true);
  expect(await first.give(its)).toBe(true);
  await its.close();
  while (got.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  const [connection, data, again, none] = got as [UnixStream, unknown, UnixStream, unknown];
  expect([data, none]).toEqual([{ user: 7 }, undefined]);
  await connection.write('still there');
  expect(String(await mine.read())).toBe('still there');
  for (const socket of [mine, connection, again]) await socket.close();

  await datagram.close();
  await using sender = UnixDatagram.unbound();
  await sender.send('hello', { to: scratch.path('datagram') }).catch(() => {});
  expect(inherited.closed).toBe(false);

  const third = await take();
  await third.ready();
  await second.replaced;
  expect(await second.give(0)).toBe(false); // it has no onConnection
});

test('wrong arguments', async () => {
  const any = takeOver as (...args: unknown[]) => Promise<unknown>;
  const path = scratch.path('handover');
  for (const [options, expected] of [
    [{ signals: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ signal: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ authorize: true }, 'ERR_INVALID_ARG_TYPE'],
    [{ onConnection: true }, 'ERR_INVALID_ARG_TYPE'],
    [{ readyTimeout: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ idleTimeout: '1' }, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    await expect(any(path, options)).rejects.toThrow(code(expected));
  }
  const handover = await take();
  const listen = handover.listen.bind(handover) as (...args: unknown[]) => unknown;
  const server = net.createServer();
  for (const [args, expected] of [
    [[1, server, 0], 'ERR_INVALID_ARG_TYPE'],
    [['x', {}, 0], 'ERR_INVALID_ARG_TYPE'],
    [['x', server, {}], 'ERR_INVALID_ARG_VALUE'],
    [['x', server, { port: 0, path: '/x' }], 'ERR_INVALID_ARG_VALUE'],
    [['x', server, { port: 65536 }], 'ERR_OUT_OF_RANGE'],
    [['x', server, { port: 0, fd: 1 }], 'ERR_INVALID_ARG_VALUE'],
    [['x', createServer(), 0], 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    expect(() => listen(...args)).toThrow(code(expected));
  }
  const ofHttp = http.createServer();
  if (!(ofHttp instanceof net.Server)) {
    const unavailable = code('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM'); // Bun
    expect(() => listen('x', ofHttp, 0)).toThrow(unavailable);
  }
  handover.listen('x', server, 0);
  expect(() => handover.offer('x', 0)).toThrow(code('ERR_INVALID_ARG_VALUE'));
  expect(() => handover.offer('y', new net.Server())).toThrow(code('ERR_INVALID_ARG_VALUE'));
  await handover.ready();
  open.push(server);
  expect(() => handover.listen('z', net.createServer(), 0)).toThrow(code('ERR_INVALID_STATE'));
  await expect(handover.ready()).rejects.toThrow(code('ERR_INVALID_STATE'));
});
