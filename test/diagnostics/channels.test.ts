// Each channel tells of what happens, for every class, and names the socket that its user holds.
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import {
  type AcceptEvent,
  type ConnectEvent,
  type ErrorEvent,
  type FdsEvent,
  FileDescriptor,
  type Message,
  type MessageEvent,
  UnixAddress,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import net from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { describeTypes } from '../helpers/pairs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';
import { Told } from '../helpers/told.js';

async function* received(stream: UnixStream): AsyncGenerator<Message, void, void> {
  const message = await stream.receive();
  if (message !== null) yield message;
}

const messages = (): Told<MessageEvent> =>
  new Told('message', ({ data, ...event }) => ({ ...event, data: Buffer.from(data) }));

describeTypes((type) => {
  test('messages, sent and received', async () => {
    await using pair = type.pair();
    const { first, second } = pair;
    using told = messages();
    const data = Buffer.from('hello');

    await first.send(data);
    await second.receive();
    expect(told.events).toEqual([
      { socket: first.socket, direction: 'sent', data, address: null },
      {
        socket: second.socket,
        direction: 'received',
        data,
        address: type.name === 'datagram' ? UnixAddress.unnamed : null,
      },
    ]);
    expect(told.events[0]?.socket).toBe(first.socket);
    expect(told.events[1]?.socket).toBe(second.socket);
  });

  test('a receiver that waits', async () => {
    await using pair = type.pair();
    using told = messages();

    const receiving = pair.second.receive();
    await pair.first.send('hello');
    await receiving;
    expect(told.events.map(({ direction }) => direction)).toEqual(['sent', 'received']);
  });

  test('descriptors, before their message', async () => {
    await using pair = type.pair({ maxFds: 2 });
    const { first, second } = pair;
    const order: string[] = [];
    using told = new Told<FdsEvent>('fds', (event) => {
      order.push(`fds ${event.direction}`);
      return event;
    });
    using _messages = new Told<MessageEvent>('message', ({ direction }) => {
      order.push(direction);
      return undefined;
    });
    await using file = await open('/dev/null');

    await first.send('hello', { fds: [file, file] });
    const { fds } = await second.receive();
    for (const fd of fds) fd.close();
    expect(told.events.map(({ socket }) => socket === first.socket)).toEqual([true, false]);
    expect(told.events[0]?.fds).toEqual([file.fd, file.fd]);
    expect(told.events[1]?.fds).toHaveLength(2);
    for (const fd of told.events[1]?.fds ?? []) expect(fd).toBeInstanceOf(FileDescriptor);
    expect(order).toEqual(['fds sent', 'sent', 'fds received', 'received']);
  });

  test('what a slow receiver made wait is told when it goes', async () => {
    await using pair = type.pair();
    const { first, second } = pair;
    using told = messages();
    const data = Buffer.alloc(50_000);
    const sending = Array.from({ length: 20 }, () => first.send(data));
    expect(told.events.length).toBeLessThan(20);

    let received = 0;
    while (received < 20 * data.length) received += (await second.receive()).data.length;
    await Promise.all(sending);
    for (const direction of ['sent', 'received']) {
      const parts = told.events.filter((event) => event.direction === direction);
      expect(parts.reduce((sum, part) => sum + part.data.length, 0)).toBe(20 * data.length);
    }
  });

  test('a subscriber may receive on another socket: each gets its own', async () => {
    await using pair = type.pair({ maxFds: 1, credentials: hasSeqpacket });
    await using other = type.pair({ maxFds: 1, credentials: hasSeqpacket });
    const others: Promise<string>[] = [];
    const receiveOther = (event: MessageEvent | FdsEvent): undefined => {
      if (event.direction === 'sent' || event.socket !== pair.second.socket) return undefined;
      // Those that find nothing end with their socket.
      const received =
        other.second.socket instanceof UnixStream
          ? other.second.receive()
          : other.second.socket[Symbol.asyncIterator]()
              .next()
              .then(({ value }) => value);
      others.push(received.then((message) => String(message?.data), String));
      return undefined;
    };
    await using file = await open('/dev/null');
    const count = type.name === 'stream' ? 1 : 5;
    for (let index = 0; index < count; index++) {
      await pair.first.send(`own ${index}`, { fds: [file] });
      await other.first.send(`other ${index}`);
      await other.first.send(`another ${index}`);
    }
    const { socket } = pair.second;
    const got: string[] = [];
    const pids = new Set<number | undefined>();
    using _messages = new Told<MessageEvent>('message', receiveOther);
    using _fds = new Told<FdsEvent>('fds', receiveOther);
    for await (const message of socket instanceof UnixStream ? received(socket) : socket) {
      for (const fd of message.fds) fd.close();
      got.push(`${message.data} ${message.fds.length}`);
      pids.add(message.credentials?.pid);
      if (got.length === count) break;
    }
    expect(got).toEqual(Array.from({ length: count }, (_, index) => `own ${index} 1`));
    expect([...pids]).toEqual([hasSeqpacket ? process.pid : undefined]);
    expect((await others[0])?.startsWith('other 0')).toBe(true);
  });

  test('nobody who listens: nothing is different', async () => {
    await using pair = type.pair();
    {
      using _told = messages();
    }
    await pair.first.send('hello');
    expect((await pair.second.receive()).data.toString()).toBe('hello');
  });
});

describe('streams', () => {
  test('read(buffer) and write([a, b])', async () => {
    const [first, second] = UnixStream.pair();
    using told = messages();

    await first.write(['he', 'llo']);
    await second.read(Buffer.alloc(3));
    await second.read();
    expect(told.events.map(({ data }) => data.toString())).toEqual(['hello', 'hel', 'lo']);
    await first.close();
    await second.close();
  });

  test('the end is no message', async () => {
    const [first, second] = UnixStream.pair();
    using told = messages();

    await first.close();
    expect(await second.read()).toBe(null);
    expect(await second.read(Buffer.alloc(9))).toBe(null);
    expect(told.events).toEqual([]);
    await second.close();
  });
});

describe('datagrams', () => {
  test('addresses: of who sent, and of whom it was sent to', async () => {
    using scratch = new Scratch();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    await using client = await UnixDatagram.bind(scratch.path('client'));
    using told = messages();

    await client.send('one', { to: scratch.path('server') });
    await client.sendMany([
      { data: 'two', to: scratch.path('server') },
      { data: 'three', to: scratch.path('server') },
    ]);
    for (let count = 0; count < 3; count++) await server.receive();
    expect(
      told.events.map(({ data, direction, address }) => `${direction} ${data} ${address}`),
    ).toEqual([
      ...['one', 'two', 'three'].map((word) => `sent ${word} ${scratch.path('server')}`),
      ...['one', 'two', 'three'].map((word) => `received ${word} ${scratch.path('client')}`),
    ]);
  });

  test('onMessages', async () => {
    const [first, second] = UnixDatagram.pair();
    using told = messages();
    const got = new Promise((resolve) => second.onMessages(resolve, { reuse: true }));

    await first.sendMany(['one', 'two']);
    await got;
    expect(told.events.map(({ data, direction }) => `${direction} ${data}`)).toEqual([
      'sent one',
      'sent two',
      'received one',
      'received two',
    ]);
    await first.close();
    await second.close();
  });

  test('connect, and to a peer that was not there yet', async () => {
    using scratch = new Scratch();
    await using socket = UnixDatagram.unbound({ reconnect: true });
    using told = new Told<ConnectEvent>('connect');

    socket.connect(scratch.path());
    expect(told.events).toEqual([]);
    await using server = await UnixDatagram.bind(scratch.path());
    await socket.send('hello');
    await server.receive();
    expect(told.events.map(({ address }) => String(address))).toEqual([scratch.path()]);
    expect(told.events[0]?.socket).toBe(socket);
  });
});

const connections = [
  { name: 'stream', Listener: UnixListener, Connection: UnixStream },
  { name: 'seqpacket', Listener: UnixSeqpacketListener, Connection: UnixSeqpacket },
].slice(0, hasSeqpacket ? 2 : 1);

describe.each(connections)('$name connections', ({ Listener, Connection }) => {
  test('both sides are told of', async () => {
    using scratch = new Scratch();
    using connects = new Told<ConnectEvent>('connect');
    using accepts = new Told<AcceptEvent>('accept');
    await using listener = await Listener.bind(scratch.path());
    await using client = await Connection.connect(scratch.path());
    await using server = await listener.accept();

    expect(connects.events).toEqual([
      { socket: client, address: UnixAddress.pathname(scratch.path()) },
    ]);
    expect(connects.events[0]?.socket).toBe(client);
    expect(accepts.events).toHaveLength(1);
    expect(accepts.events[0]?.listener).toBe(listener);
    expect(accepts.events[0]?.socket).toBe(server);
  });

  test('only who is let in is accepted', async () => {
    using scratch = new Scratch();
    using accepts = new Told<AcceptEvent>('accept');
    const verdicts = [false, Promise.resolve(false), Promise.resolve(true)];
    await using listener = await Listener.bind(scratch.path(), {
      authorize: () => verdicts.shift() as boolean | Promise<boolean>,
    });
    const clients = [1, 2, 3].map(() => Connection.connect(scratch.path()));
    await using server = await listener.accept();

    expect(listener.refused).toBe(2);
    expect(accepts.events.map(({ socket }) => socket === server)).toEqual([true]);
    for (const client of clients) await (await client).close();
  });
});

test('errors: the one that its caller gets', async () => {
  using scratch = new Scratch();
  using told = new Told<ErrorEvent>('error');

  const error = await UnixStream.connect(scratch.path()).catch((reason) => reason);
  expect(told.events.map((event) => event.error)).toEqual([error]);
  expect(told.events[0]?.error).toBe(error);
  expect(error.code).toBe('ENOENT');
  const socket = net.connect(scratch.path());
  const [again] = await once(socket, 'error');
  expect(told.events[1]?.error).toBe(again);
});

test('a wrong argument is no system error', () => {
  using told = new Told<ErrorEvent>('error');
  expect(() => UnixAddress.pathname('')).toThrow();
  expect(told.events).toEqual([]);
});
