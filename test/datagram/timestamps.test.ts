// timestamps: each message has the time at which it was sent, where that is asked for.
import { setTimeout as delay } from 'node:timers/promises';
import {
  fromFd,
  type Message,
  UnixDatagram,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import dgram from 'afunix/dgram';
import net from 'afunix/net';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();
const timestamps = true;

/** The times at which something was sent, at the earliest and the latest. */
class Window {
  readonly #from = Date.now();
  #to = 0;

  close(): void {
    this.#to = Date.now() + 1; // Date.now() has no fraction
  }

  expect(time: number | null | undefined): void {
    expect(time).toBeTypeOf('number');
    expect(time).toBeGreaterThanOrEqual(this.#from);
    expect(time).toBeLessThan(this.#to);
  }
}

/** Runs `send`, and lets some time pass, so that when it was sent is not when it was received. */
async function sentIn(send: () => Promise<void>): Promise<Window> {
  const window = new Window();
  await send();
  window.close();
  await delay(5);
  return window;
}

const classes = [
  ['UnixDatagram', UnixDatagram],
  ['UnixSeqpacket', UnixSeqpacket],
] as const;

describe.runIf(onLinux).each(classes)('%s', (name, Class) => {
  /** A pair whose second socket has these options. */
  function pair(options: object): [UnixDatagram | UnixSeqpacket, UnixDatagram | UnixSeqpacket] {
    return Class.pair(options as never) as never;
  }

  test('in every way to receive', async () => {
    const [first, second] = pair({ timestamps });
    const send = (): Promise<void> => first.send('x');

    (await sentIn(send)).expect((await second.receive())?.timestamp);

    const waiting = second.receive();
    (await sentIn(send)).expect((await waiting)?.timestamp);

    const peeked = await sentIn(send);
    peeked.expect((await second.receive({ peek: true }))?.timestamp);
    peeked.expect((await second.receive())?.timestamp);

    const buffer = new Uint8Array(4);
    (await sentIn(send)).expect((await second.receive({ buffer }))?.timestamp);
    (await sentIn(send)).expect(second.tryReceive()?.timestamp);
    (await sentIn(() => first.send(''))).expect(second.tryReceive()?.timestamp);
    (await sentIn(() => first.send(Buffer.alloc(50_000)))).expect(second.tryReceive()?.timestamp);

    await first.close();
    await second.close();
  });

  test('many at once: each has its own', async () => {
    const [first, second] = pair({ timestamps });
    const windows: Window[] = [];
    const send = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) windows.push(await sentIn(() => first.send(`${i}`)));
    };
    const check = (messages: readonly Message[]): void => {
      for (const message of messages) windows.shift()?.expect(message.timestamp);
    };

    await send();
    await new Promise<void>((resolve) => {
      second.onMessages((messages: Message[]) => {
        check(messages);
        if (windows.length === 0) resolve();
      });
    });
    second.onMessages(null);

    await send();
    for await (const message of second as AsyncIterable<Message>) {
      // The others are held: this copies the first of them.
      if (windows.length > 1) windows[1]?.expect((await second.receive({ peek: true }))?.timestamp);
      check([message]);
      if (windows.length === 0) break;
    }
    await first.close();
    await second.close();
  });

  test('none where it is not asked for', async () => {
    for (const options of [{}, { maxFds: 1 }, { credentials: true }, { timestamps: false }]) {
      const [first, second] = pair(options);
      await first.send('x');
      expect((await second.receive())?.timestamp).toBe(null);
      await first.close();
      await second.close();
    }
  });

  test('with descriptors and credentials', async () => {
    const [first, second] = pair({ timestamps, maxFds: 1, credentials: true });
    const window = await sentIn(() => first.send('x', { fds: [0] }));
    const message = (await second.receive()) as Message;
    window.expect(message.timestamp);
    expect(message.credentials?.pid).toBe(process.pid);
    expect(message.fds.length).toBe(1);
    message.fds[0]?.close();
    await first.close();
    await second.close();
  });

  test('without maxFds it accepts no descriptors', async () => {
    const [first, second] = pair({ timestamps });
    // Refused at the sender, or dropped: as without the option.
    await first.send('x', { fds: [0] }).catch(({ code }) => expect(code).toBe('EPERM'));
    const message = second.tryReceive();
    if (message) expect(message).toMatchObject({ fds: [], controlTruncated: true });
    await first.close();
    await second.close();
  });

  test('of an adopted socket; of what was sent before, the time at which it is received', async () => {
    const type = name === 'UnixDatagram' ? raw.SOCK_DGRAM : raw.SOCK_SEQPACKET;
    const [one, other] = raw.socketpair(raw.AF_UNIX, type);
    raw.send(one, 'before');
    await delay(5);
    const received = new Window();
    const socket = Class.fromFd(other, { timestamps });
    const early = await socket.receive();
    received.close();
    received.expect(early?.timestamp);
    (await sentIn(async () => void raw.send(one, 'after'))).expect(
      (await socket.receive())?.timestamp,
    );
    await socket.close();
    raw.close(one);
  });

  test('a wrong option', () => {
    for (const value of [1, 'yes', null, {}]) {
      expect(() => pair({ timestamps: value })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
  });
});

test.runIf(onLinux)('the end of a seqpacket connection has none', async () => {
  const [first, second] = UnixSeqpacket.pair({ timestamps });
  await first.send('');
  await first.close();
  expect((await second.receive())?.data.length).toBe(0);
  expect(await second.receive()).toBe(null);
  await second.close();
});

test.runIf(onLinux)('of the connections that a listener accepts', async () => {
  using scratch = new Scratch();
  await using listener = await UnixSeqpacketListener.bind(scratch.path(), { timestamps });
  const client = await UnixSeqpacket.connect(scratch.path());
  await client.send('early');
  await delay(5);
  const received = new Window();
  const accepted = await listener.accept();
  const early = await accepted.receive();
  received.close();
  received.expect(early?.timestamp);
  (await sentIn(() => client.send('x'))).expect((await accepted.receive())?.timestamp);
  await accepted.close();
  await client.close();
});

test.runIf(onLinux)('afunix/dgram', async () => {
  using scratch = new Scratch();
  const server = dgram.createSocket({ type: 'unix_dgram', timestamps }).bind(scratch.path());
  const message = new Promise<number | null>((resolve) => {
    server.on('message', (_, { timestamp }) => resolve(timestamp));
  });
  const client = UnixDatagram.unbound();
  const window = await sentIn(() => client.send('x', { to: scratch.path() }));
  window.expect(await message);
  await client.close();
  server.close();
});

test('streams know no such option, nor does fromFd()', async () => {
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
  expect(() => UnixStream.pair({ timestamps } as never)).toThrow(refused);
  expect(() => net.connect({ path: '/none', timestamps } as never)).toThrow(refused);
  const [first, second] = UnixDatagram.pair();
  using fd = first.detach();
  expect(() => fromFd(fd, { timestamps } as never)).toThrow(refused);
  await second.close();
});

test.runIf(!onLinux)('refused on other systems', () => {
  expect(() => UnixDatagram.pair({ timestamps })).toThrow(
    expect.objectContaining({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' }),
  );
});

describe.runIf(onLinux).each(everyType)('afunix/raw, %s', (_, type) => {
  test.each([raw.SO_TIMESTAMP, raw.SO_TIMESTAMPNS])('option %i', (option) => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.setsockopt(second, raw.SOL_SOCKET, option, true);
    const window = new Window();
    raw.send(first, 'one');
    if (type !== raw.SOCK_STREAM) raw.send(first, 'two');
    window.close();
    const messages = [
      raw.recvmsg(second, Buffer.alloc(8)),
      ...(type === raw.SOCK_STREAM ? [] : raw.recvmmsg(second, [Buffer.alloc(8)])),
    ];
    for (const { timestamp } of messages) {
      if (type === raw.SOCK_STREAM) expect(timestamp).toBe(null);
      else window.expect(timestamp);
    }
  });

  test('none without', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'one');
    expect(raw.recvmsg(second, Buffer.alloc(8)).timestamp).toBe(null);
  });
});
