// SeqpacketServer and SeqpacketSocket of compat/node-unix-socket: their interface, their order of events, and what
// went wrong there.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { UnixSeqpacket, UnixSeqpacketListener } from 'afunix';
import type { SeqpacketServer, SeqpacketSocket } from 'node-unix-socket';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const require = createRequire(import.meta.url);
const lib: typeof import('node-unix-socket') = require('node-unix-socket');

interface Pair extends Disposable {
  server: SeqpacketServer;
  client: SeqpacketSocket;
  socket: SeqpacketSocket;
  /** The path of the client. */
  path: string;
}

/** A server, a client, and what the server accepted. */
async function connectedPair(path: string): Promise<Pair> {
  const server = new lib.SeqpacketServer();
  server.listen(path);
  const client = new lib.SeqpacketSocket();
  client.connect(path);
  const [[socket, clientPath]] = await Promise.all([
    once(server, 'connection'),
    once(client, 'connect'),
  ]);
  return {
    server,
    client,
    socket,
    path: clientPath,
    [Symbol.dispose]() {
      socket.destroy();
      client.destroy();
      server.close();
    },
  };
}

/** Collects the messages of a socket until its end. */
async function messagesOf(socket: SeqpacketSocket): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  socket.on('data', (data) => messages.push(data));
  await once(socket, 'end');
  return messages;
}

/** Resolves with the values of the next event, and does not reject at 'error' as `once()` does. */
const eventOf = (socket: SeqpacketSocket, event: string): Promise<unknown[]> =>
  new Promise((resolve) => socket.once(event, (...values) => resolve(values)));

/** Names the events of both sides, in order. */
function record(pair: Pair, events: string[]): void {
  for (const side of ['client', 'socket'] as const) {
    for (const event of ['data', 'end', 'close', 'error'])
      pair[side].on(event, () => events.push(`${side} ${event}`));
  }
}

describe.runIf(hasSeqpacket)('node-unix-socket', () => {
  test('messages go both ways, and the last end closes', async () => {
    using scratch = new Scratch();
    using pair = await connectedPair(scratch.path());
    const { client, server, socket } = pair;
    expect([server.address(), pair.path]).toEqual([scratch.path(), '']);
    const events: string[] = [];
    record(pair, events);
    socket.on('data', () => {
      socket.write(Buffer.from('back'), 0, 4, () => events.push('written'));
      socket.end(() => events.push('socket ended'));
      events.push('returned');
    });
    client.write(Buffer.from('hello'));
    client.end(() => events.push('client ended'));
    await once(client, 'end');
    // As there, which calls back before it returns, and emits 'close' before 'end' once both sides have ended.
    expect(events).toEqual([
      'client ended',
      'socket data',
      'written',
      'socket ended',
      'returned',
      'socket close',
      'socket end',
      'client data',
      'client close',
      'client end',
    ]);
    expect(() => client.write(Buffer.from('x'))).toThrow('SeqpacketSocket has been destroyed');
  });

  test('messages keep their borders, empty ones too', async () => {
    using scratch = new Scratch();
    using pair = await connectedPair(scratch.path());
    const received = messagesOf(pair.socket);
    const buffer = Buffer.from('hello, world');
    pair.client.write(buffer);
    pair.client.write(Buffer.alloc(0));
    pair.client.write(buffer, 7, 5);
    pair.client.write(buffer, 7);
    pair.client.write(Buffer.alloc(64 * 1024));
    pair.client.end();
    expect(() => pair.client.write(buffer)).toThrow('socket has been shutdown');
    const [whole, empty, slice, rest, zeros] = await received;
    expect([whole, empty, slice, rest].map(String)).toEqual(['hello, world', '', 'world', 'world']);
    expect(zeros?.equals(Buffer.alloc(64 * 1024))).toBe(true);
  });

  test('callbacks come in the order of their writes, when the peer has room', async () => {
    using scratch = new Scratch();
    await using listener = await UnixSeqpacketListener.bind(scratch.path());
    const client = new lib.SeqpacketSocket();
    client.connect(scratch.path());
    await using peer = await listener.accept();
    const order: number[] = [];
    const buffer = Buffer.alloc(2);
    for (let n = 0; n < 2000; n++) {
      buffer.writeUInt16BE(n); // taken when write() was called
      client.write(buffer, 0, 2, () => order.push(n));
    }
    const writtenAtOnce = order.length;
    const ended = new Promise<number>((resolve) => client.end(() => resolve(order.length)));
    const received: number[] = [];
    for await (const { data } of peer) received.push(data.readUInt16BE());
    expect(await ended).toBe(2000);
    expect(writtenAtOnce).toBeGreaterThan(0);
    expect(writtenAtOnce).toBeLessThan(2000);
    expect(order).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(received).toEqual(order);
    client.destroy();
  });

  test('a message is truncated to the read buffer', async () => {
    using scratch = new Scratch();
    using pair = await connectedPair(scratch.path());
    expect(pair.socket.getInternalReadBufferSize()).toBe(256 * 1024);
    pair.socket.setInternalReadBufferSize(5);
    expect(pair.socket.getInternalReadBufferSize()).toBe(5);
    pair.client.write(Buffer.from('hello, world'));
    expect(String((await once(pair.socket, 'data'))[0])).toBe('hello');
  });

  test('a message that is there when a listener throws is not lost', async () => {
    const { stdout } = await runScript(`
      let n = 0;
      process.on('uncaughtException', (error) => console.log('caught', error.message));
      server.on('connection', (socket) => {
        socket.on('data', (data) => {
          console.log(String(data));
          if (n++ === 0) throw new Error('thrown');
        });
        socket.on('end', () => {
          socket.destroy();
          server.close();
        });
      });
      for (const text of ['one', 'two', 'three']) client.write(Buffer.from(text));
      client.end();
    `);
    expect(stdout.split('\n').slice(0, 4)).toEqual(['one', 'caught thrown', 'two', 'three']);
  });

  test('connect() throws if nobody listens, and closes', () => {
    using scratch = new Scratch();
    const socket = new lib.SeqpacketSocket();
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    expect(() => socket.connect(scratch.path())).toThrow('No such file or directory');
    expect(closed).toBe(true);
    expect(() => socket.connect(scratch.path())).toThrow('SeqpacketSocket has been destroyed');
  });

  test('a server that closes before it accepts is an error', async () => {
    using scratch = new Scratch();
    const server = new lib.SeqpacketServer();
    server.listen(scratch.path());
    const client = new lib.SeqpacketSocket();
    client.on('connect', () => expect.unreachable());
    client.connect(scratch.path());
    server.close();
    const closed = eventOf(client, 'close');
    expect(await eventOf(client, 'error')).toMatchObject([{ code: 'ECONNRESET' }]);
    await closed;
  });

  test('a write to a peer that is gone emits and closes', async () => {
    using scratch = new Scratch();
    using pair = await connectedPair(scratch.path());
    const { client, socket } = pair;
    socket.destroy();
    await once(client, 'end');
    const closed = eventOf(client, 'close');
    client.write(Buffer.from('x'), 0, 1, () => expect.unreachable());
    const [error] = await eventOf(client, 'error');
    expect(error).toMatchObject({ message: 'Broken pipe', code: 'EPIPE' });
    await closed;
  });

  test('a write that is too long, or before connect(), emits and closes', async () => {
    using scratch = new Scratch();
    using pair = await connectedPair(scratch.path());
    pair.client.write(Buffer.alloc(1 << 20));
    expect(await eventOf(pair.client, 'error')).toMatchObject([{ code: 'EMSGSIZE' }]);
    const unconnected = new lib.SeqpacketSocket();
    expect(() => unconnected.end()).toThrow('Transport endpoint is not connected');
    unconnected.write(Buffer.from('x'));
    expect(await eventOf(unconnected, 'error')).toMatchObject([{ code: 'ENOTCONN' }]);
  });

  test('destroy() and close() emit before they return', async () => {
    using scratch = new Scratch();
    using pair = await connectedPair(scratch.path());
    const events: string[] = [];
    record(pair, events);
    pair.server.on('close', () => events.push('server close'));
    pair.client.destroy();
    pair.client.close();
    pair.server.close();
    pair.server.close();
    expect(events).toEqual(['client close', 'server close']);
    expect(() => pair.server.listen(scratch.path())).toThrow('SeqpacketServer has been closed');
    expect(() => pair.server.address()).toThrow('SeqpacketServer has been closed');
    const next = new lib.SeqpacketServer();
    expect(() => next.listen(scratch.path())).toThrow('Address already in use');
    expect(() => next.listen(scratch.path('x'.repeat(200)))).toThrow('path to bind is too long');
    next.close();
  });

  test('a descriptor is taken over', async () => {
    const [own, peer] = UnixSeqpacket.pair();
    const socket = new lib.SeqpacketSocket(own.detach().detach());
    await peer.send('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.destroy();
    expect(await peer.receive()).toBeNull();
    await peer.close();
    expect(() => new lib.SeqpacketSocket(99_999)).toThrow('Bad file number');
  });

  test('without references the process ends', async () => {
    const { stdout } = await runScript(`
      server.on('connection', (socket) => { socket.unref(); console.log('connected'); });
      client.unref();
      server.unref();
      setTimeout(() => {}, 50);
    `);
    expect(stdout).toBe('connected\n');
  });
});

/** Runs a program with a `server` and a `client` that connects. */
async function runScript(script: string): Promise<{ stdout: string }> {
  using scratch = new Scratch();
  const program = `
    const { SeqpacketServer, SeqpacketSocket } = require(${JSON.stringify(require.resolve('node-unix-socket'))});
    const server = new SeqpacketServer();
    server.listen(${JSON.stringify(scratch.path())});
    const client = new SeqpacketSocket();
    client.connect(${JSON.stringify(scratch.path())});
    ${script}
  `;
  await using child = new Child(process.execPath, ['--no-warnings', '-e', program]);
  return { stdout: await child.succeeds() };
}
