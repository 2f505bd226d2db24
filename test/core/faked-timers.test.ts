// Sockets go on while a test has faked the timers and clocks, as those of node:net do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readlinkSync } from 'node:fs';
import nodeNet from 'node:net';
import { mock } from 'node:test';
import timers from 'node:timers';
import { FileDescriptor, UnixDatagram, UnixListener, UnixStream } from 'afunix';
import afunixNet from 'afunix/net';
import * as raw from 'afunix/raw';
import { describe, expect, test, vi } from 'vitest';
import { collectGarbage } from '../fixtures/collect-garbage.mjs';
import { Child } from '../helpers/children.js';
import { fill, take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

const { setTimeout: realTimeout, clearTimeout: realClear, setImmediate: realImmediate } = timers;
const turn = () => new Promise((resolve) => realImmediate(resolve));

/** Long enough that only what never comes is cut off. */
const DEADLINE = 5000;

const ways: [name: string, fake: () => () => void][] = [
  [
    'vi.useFakeTimers()',
    () => {
      const toFake = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'] as const;
      vi.useFakeTimers({ toFake: [...toFake, 'clearTimeout', 'performance', 'hrtime', 'Date'] });
      return () => vi.useRealTimers();
    },
  ],
  [
    'mock.timers of node:test',
    () => {
      mock.timers.enable();
      return () => mock.timers.reset();
    },
  ],
];

/** Runs `scenario` while the timers are faked. */
async function faked<T>(fake: () => () => void, scenario: () => Promise<T>): Promise<T> {
  const restore = fake();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = realTimeout(() => reject(new Error('it waits for a timer that is faked')), DEADLINE);
  });
  try {
    return await Promise.race([scenario(), late]);
  } finally {
    realClear(timer);
    restore();
  }
}

/** The events of a short conversation, both ends. */
async function conversation(net: typeof nodeNet, path: string): Promise<string[]> {
  const seen: string[] = [];
  let peerGone: Promise<unknown> | undefined;
  const server = net.createServer((socket) => {
    peerGone = once(socket, 'close');
    socket.on('data', (data) => socket.end(data));
    for (const event of ['end', 'finish', 'close'])
      socket.on(event, () => seen.push(`server ${event}`));
  });
  server.listen(path);
  await once(server, 'listening');
  const client = net.connect(path);
  for (const event of ['connect', 'data', 'timeout', 'end', 'finish', 'close']) {
    client.on(event, () => seen.push(`client ${event}`));
  }
  // The idle timer of node:net is real: it is due although nobody moves the faked clock.
  client.setTimeout(20, () => client.setTimeout(0).write('said'));
  await once(client, 'close');
  await peerGone;
  server.close();
  await once(server, 'close');
  return seen.sort(); // the order between the two ends is the kernel's
}

describe.each(ways)('%s', (_, fake) => {
  test('a conversation and its idle timeout, as with node:net', async () => {
    using scratch = new Scratch();
    const expected = await conversation(nodeNet, scratch.path('node'));
    const seen = await faked(fake, () =>
      conversation(afunixNet as unknown as typeof nodeNet, scratch.path('afunix')),
    );
    expect(expected).toContain('client timeout');
    expect(seen).toEqual(expected);
  });

  test('a datagram that waits for room', async () => {
    using scratch = new Scratch();
    await using receiver = await UnixDatagram.bind(scratch.path());
    await using sender = UnixDatagram.unbound();
    const sent = fill(sender, scratch.path());
    await faked(fake, async () => {
      const waiting = sender.send('waited', { to: scratch.path() });
      await turn();
      expect(sender.stats().queue.messages).toBe(1);
      await take(receiver, sent);
      await waiting;
      expect(`${(await receiver.receive()).data}`).toBe('waited');
    });
  });

  test('connects that wait for the backlog, and one that gives up', async () => {
    using scratch = new Scratch();
    await using listener = await UnixListener.bind(scratch.path(), { backlog: 0 });
    const first = await UnixStream.connect(scratch.path());
    await faked(fake, async () => {
      const timely = UnixStream.connect(scratch.path(), { timeout: 20 });
      await expect(timely).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      const socket = afunixNet.connect(scratch.path());
      const connecting = UnixStream.connect(scratch.path());
      await turn();
      const accepted = [await listener.accept(), await listener.accept(), await listener.accept()];
      if (socket.connecting) await once(socket, 'connect');
      await (await connecting).close();
      socket.destroy();
      for (const stream of accepted) await stream.close();
    });
    await first.close();
  });

  test('a bind that waits for the lock on the directory', async () => {
    using scratch = new Scratch();
    const folder = scratch.path('locked');
    mkdirSync(folder);
    const holder = spawn('flock', [folder, 'sh', '-c', 'echo locked; read line']);
    await once(holder.stdout, 'data');
    await faked(fake, async () => {
      const binding = UnixDatagram.bind(`${folder}/a`, { replace: 'stale' });
      const server = afunixNet.createServer().listen({ path: `${folder}/b`, replace: 'stale' });
      for (let i = 0; i < 10; i++) await turn();
      expect(existsSync(`${folder}/a`) || existsSync(`${folder}/b`)).toBe(false);
      holder.stdin.end();
      await Promise.all([binding.then((socket) => socket.close()), once(server, 'listening')]);
      server.close();
    });
  });

  test('a descriptor that nobody closed', async () => {
    const [mine, other] = raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM);
    const name = readlinkSync(`/proc/self/fd/${mine}`);
    const isOpen = () => {
      try {
        return readlinkSync(`/proc/self/fd/${mine}`) === name;
      } catch {
        return false;
      }
    };
    await faked(fake, async () => {
      (() => new FileDescriptor(mine))();
      while (isOpen()) {
        collectGarbage();
        await new Promise((resolve) => realTimeout(resolve, 5));
      }
    });
    raw.close(other);
  });
});

test('what is no Node stream goes on without process.nextTick and the exports of node:timers', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('stopped-timers.mjs', [scratch.folder]);
  expect(await child.ended).toMatchObject({ code: 7, stderr: '' });
});
