// The loop watches a socket that is ready often by a uv_poll_t of its own, as long as no program knows its number.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { FileDescriptor, features, UnixStream } from 'afunix';
import { close, dup } from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors, openDescriptors, openFile } from '../helpers/descriptors.js';
import { type End, Pair, type SocketType, socketTypes } from '../helpers/pairs.js';

checkDescriptors();

/** `to` waits for so many messages, one after the other, and gets each. */
async function talk(from: End, to: End, count = 20): Promise<void> {
  for (let i = 0; i < count; i++) {
    const received = to.receive();
    await turn();
    await from.send(String(i));
    expect((await received).data.toString()).toBe(String(i));
  }
}

/** Makes a pair, and finds its numbers without asking for them. */
function pairOf(type: SocketType): { pair: Pair; first: number; second: number } {
  const before = openDescriptors();
  const pair = type.pair();
  const [first, second] = [...openDescriptors().keys()]
    .filter((fd) => !before.has(fd))
    .sort((a, b) => a - b);
  return { pair, first: first as number, second: second as number };
}

/** The descriptors that an epoll instance of this process watches, with the events. */
function watched(epoll: number): Map<number, number> {
  const text = readFileSync(`/proc/self/fdinfo/${epoll}`, 'utf8');
  return new Map(
    [...text.matchAll(/tfd:\s*(\d+) events:\s*([0-9a-f]+)/g)].map(([, fd, events]) => [
      Number(fd),
      Number.parseInt(events as string, 16),
    ]),
  );
}

/** Who watches a descriptor: the set of all sockets, or the loop's own epoll, which watches the set too. */
function watcherOf(fd: number): string {
  const epolls = [...openDescriptors()]
    .filter(([, target]) => target === 'anon_inode:[eventpoll]')
    .map(([number]) => number);
  const watchers = epolls.filter((epoll) => watched(epoll).has(fd));
  return watchers
    .map((epoll) => (epolls.some((other) => watched(epoll).has(other)) ? 'loop' : 'set'))
    .join();
}

function isBlocking(fd: number): boolean {
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  return (Number.parseInt(flags as string, 8) & 0o4000) === 0;
}

const types = socketTypes.map((type): [string, SocketType] => [type.name, type]);

// epoll(7), and the numbers of /proc; libuv's loop, which AFUNIX_WAIT=thread does without.
const applies = platform === 'linux' && features().busyPoll;
describe.skipIf(!applies)('a socket that is ready often', () => {
  test.each(types)('%s: is watched by the loop', async (_name, type) => {
    const { pair, second } = pairOf(type);
    await using _pair = pair;
    await talk(pair.first, pair.second, 10);
    expect(watcherOf(second)).toBe('set');
    await talk(pair.first, pair.second);
    expect(watcherOf(second)).toBe('loop');
  });

  // libuv ends the process if a descriptor that it watches is closed by its number, or mixes it up with the next one.
  test.each(types)(
    '%s: is in the set again when a program asks for its number',
    async (_name, type) => {
      const { pair, second } = pairOf(type);
      await talk(pair.first, pair.second);
      const pending = pair.second.receive();
      expect(pair.second.socket.fd).toBe(second);
      expect(watcherOf(second)).toBe('set');
      await pair.first.send('still');
      expect((await pending).data.toString()).toBe('still');
      await talk(pair.first, pair.second, 40);
      expect(watcherOf(second)).toBe('set');

      using file = new FileDescriptor(openFile('/dev/null', 'r'));
      const never = pair.second.receive();
      never.catch(() => {});
      close(second);
      expect(dup(file.fd)).toBe(second);
      expect(await Promise.race([never, delay(50, 'waits')])).toBe('waits');
      await pair.second.socket.close();
      await pair.first.socket.close();
    },
  );

  test.each(types)('%s: is detached, and adopted: its number is known', async (_name, type) => {
    const { pair, first, second } = pairOf(type);
    await talk(pair.first, pair.second);
    using detached = pair.second.socket.detach();
    expect(detached.fd).toBe(second);
    expect(watcherOf(second)).toBe('');
    await using again = new Pair([pair.first.socket, type.fromFd(detached.detach()).socket]);
    await talk(again.first, again.second, 40);
    expect(watcherOf(second)).toBe('set');
    await talk(again.second, again.first, 40);
    expect(watcherOf(first)).toBe('loop');
  });

  // libuv would set O_NONBLOCK, for every process that shares the file.
  test.each(types)('%s: whose file is blocking stays so, in the set', async (_name, type) => {
    const { pair, second } = pairOf(type);
    await using _pair = pair;
    // To start a process makes blocking what becomes its descriptors 0 to 2.
    execFileSync('true', { stdio: [second, 'ignore', 'ignore'] });
    await talk(pair.first, pair.second, 40);
    expect(isBlocking(second)).toBe(true);
    expect(watcherOf(second)).toBe('set');
  });

  test('waits for room in the set, and for bytes by the loop', async () => {
    const { pair, second } = pairOf(socketTypes[0] as SocketType);
    await using _pair = pair;
    const [one, other] = [pair.first.socket as UnixStream, pair.second.socket as UnixStream];
    await talk(pair.first, pair.second);
    const large = Buffer.alloc(4 << 20, 1);
    const reply = other.read();
    const written = other.write(large);
    expect(watcherOf(second).split(',').sort()).toEqual(['loop', 'set']);
    await one.write('?');
    expect((await reply)?.toString()).toBe('?');
    let length = 0;
    while (length < large.length) length += (await one.read())?.length ?? 0;
    await written;
    await talk(pair.first, pair.second);
    expect(watcherOf(second)).toBe('loop');
  });

  // The kernel reports an error of the socket, which libuv takes for one of the descriptor.
  test('gets the error of a peer that is gone, and nothing spins', async () => {
    const [one, other] = UnixStream.pair();
    const pair = new Pair([one, other]);
    await talk(pair.first, pair.second);
    await other.write('never read');
    const received = other.read();
    await one.close();
    await expect(received).rejects.toMatchObject({ code: 'ECONNRESET' });
    const { user, system } = process.cpuUsage();
    await delay(200);
    const after = process.cpuUsage();
    expect(after.user + after.system - user - system).toBeLessThan(100_000);
    await other.close();
  });
});
