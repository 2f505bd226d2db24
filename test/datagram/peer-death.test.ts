// A peer that goes, or turns away: the error surfaces once, where it belongs, and the socket works on.
import { platform } from 'node:process';
import { UnixDatagram, UnixListener } from 'afunix';
import { describe, expect, test } from 'vitest';
import { receiver, take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

const text = async (socket: UnixDatagram): Promise<string> => (await take(socket, 1)).join();

test('a missing path, a stale path, a path of another type', async () => {
  using scratch = new Scratch();
  await using socket = UnixDatagram.unbound();
  const stale = await UnixDatagram.bind(scratch.path('stale'), { unlinkOnClose: false });
  await stale.close();
  await using _listener = await UnixListener.bind(scratch.path('stream'));
  const codes = { none: 'ENOENT', stale: 'ECONNREFUSED', stream: 'EPROTOTYPE' };
  for (const [name, code] of Object.entries(codes)) {
    const path = scratch.path(name);
    const sending = socket.send('x', { to: path });
    await expect(sending).rejects.toMatchObject({ code, syscall: 'send', address: path });
    expect(() => socket.connect(path)).toThrow(
      expect.objectContaining({ code, syscall: 'connect', address: path }),
    );
  }
  await using to = await receiver(scratch);
  await socket.send('works', { to: scratch.path('receiver') });
  expect(await text(to)).toBe('works');
});

test.runIf(platform === 'linux')('a dead peer: ECONNREFUSED once, then ENOTCONN', async () => {
  using scratch = new Scratch();
  const peer = await receiver(scratch);
  await using socket = UnixDatagram.unbound();
  socket.connect(scratch.path('receiver'));
  await peer.close();
  await expect(socket.send('x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(() => socket.trySend('x')).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
  await expect(socket.sendMany(['x', 'y'])).rejects.toMatchObject({ code: 'ENOTCONN' });

  await using again = await receiver(scratch);
  socket.connect(scratch.path('receiver'));
  await socket.send('back');
  expect(await text(again)).toBe('back');
});

test('one end of a pair goes: no end is told, the next send is refused', async () => {
  const [first, second] = UnixDatagram.pair();
  await using socket = first;
  const abort = new AbortController();
  const receiving = socket.receive({ signal: abort.signal });
  await second.close();
  await expect(socket.send('x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  abort.abort();
  await expect(receiving).rejects.toMatchObject({ name: 'AbortError' });
});

test('sending to one who is connected to someone else: EPERM', async () => {
  using scratch = new Scratch();
  await using busy = await receiver(scratch, 'busy');
  await using _friend = await receiver(scratch, 'friend');
  busy.connect(scratch.path('friend'));
  await using stranger = UnixDatagram.unbound();
  const to = scratch.path('busy');
  await expect(stranger.send('x', { to })).rejects.toMatchObject({ code: 'EPERM' });
  expect(() => stranger.connect(to)).toThrow(expect.objectContaining({ code: 'EPERM' }));
});

describe.runIf(platform === 'linux')('a peer that connects elsewhere with our data unread', () => {
  /** `socket` and its peer are connected; the peer's `leave()` drops what it has not read. */
  async function connected(scratch: Scratch) {
    const socket = await receiver(scratch, 'socket');
    const peer = await receiver(scratch, 'peer');
    const elsewhere = await receiver(scratch, 'elsewhere');
    socket.connect(scratch.path('peer'));
    peer.connect(scratch.path('socket'));
    await socket.send('unread');
    const leave = (): void => peer.connect(scratch.path('elsewhere'));
    /** Shows that the socket works on. */
    const works = async (): Promise<void> => {
      socket.connect(scratch.path('elsewhere'));
      await socket.send('works');
      expect(await text(elsewhere)).toBe('works');
    };
    const close = async (): Promise<void> => {
      for (const each of [socket, peer, elsewhere]) await each.close();
    };
    return { socket, peer, elsewhere, leave, works, [Symbol.asyncDispose]: close };
  }
  const reset = { code: 'ECONNRESET', syscall: 'recvmsg' };

  test('a receive that waits rejects, the next one receives', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    const receiving = all.socket.receive();
    all.leave();
    await expect(receiving).rejects.toMatchObject(reset);
    const next = all.socket.receive();
    all.socket.connect(scratch.path('elsewhere'));
    all.elsewhere.connect(scratch.path('socket'));
    await all.elsewhere.send('new');
    expect((await next).data.toString()).toBe('new');
  });

  test('the next receive or send rejects, once', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    all.leave();
    await expect(all.socket.send('x')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(all.socket.send('x')).rejects.toMatchObject({ code: 'EPERM' });
    await all.works();
  });

  test('a loop ends with the error, a new one goes on', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    const loop = (async () => {
      for await (const _message of all.socket);
    })();
    all.leave();
    await expect(loop).rejects.toMatchObject(reset);
    all.socket.connect(scratch.path('elsewhere'));
    await all.elsewhere.send('new', { to: scratch.path('socket') });
    for await (const { data } of all.socket) {
      expect(data.toString()).toBe('new');
      break;
    }
  });

  test('onMessages: onError is called, and messages go on', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    const told: string[] = [];
    const both = new Promise<void>((resolve) => {
      const add = (word: string): void => {
        if (told.push(word) === 2) resolve();
      };
      all.socket.onMessages(([first]) => add(String(first?.data)), {
        onError: (error) => add((error as { code?: string }).code ?? 'no code'),
      });
      setImmediate(() => {
        all.leave();
        setImmediate(() => {
          all.socket.connect(scratch.path('elsewhere'));
          void all.elsewhere.send('new', { to: scratch.path('socket') });
        });
      });
    });
    await both;
    expect(told).toEqual(['ECONNRESET', 'new']);
    await all.works();
  });

  test('onMessages without onError: the next send to the peer rejects', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    const message = new Promise<string>((resolve) => {
      all.socket.onMessages(([first]) => resolve(String(first?.data)));
    });
    all.leave();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await all.socket.send('elsewhere first', { to: scratch.path('elsewhere') });
    expect(await text(all.elsewhere)).toBe('elsewhere first');
    await expect(all.socket.send('x')).rejects.toMatchObject(reset);
    all.socket.connect(scratch.path('elsewhere'));
    await all.elsewhere.send('new', { to: scratch.path('socket') });
    expect(await message).toBe('new');
  });

  test('a send to someone else goes, and the error waits for whom it concerns', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    all.leave();
    const to = scratch.path('elsewhere');
    await all.socket.send('one', { to });
    expect(await text(all.elsewhere)).toBe('one');
    await expect(all.socket.receive()).rejects.toMatchObject(reset);
    await all.works();
  });

  test('sendMany to someone else goes as well', async () => {
    using scratch = new Scratch();
    await using all = await connected(scratch);
    all.leave();
    const to = scratch.path('elsewhere');
    await all.socket.sendMany(['one', 'two'].map((data) => ({ data, to })));
    expect(await take(all.elsewhere, 2)).toEqual(['one', 'two']);
    await expect(all.socket.receive()).rejects.toMatchObject(reset);
  });
});

test('connecting elsewhere cancels what waits for the old peer; connecting again does not', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  await using other = await receiver(scratch, 'other');
  await using socket = UnixDatagram.unbound();
  socket.connect(scratch.path('receiver'));
  let first = 0;
  while (socket.trySend('fill')) first += 1;
  const kept = socket.send('kept');
  socket.connect(scratch.path('receiver'));
  expect((await take(peer, first + 1)).at(-1)).toBe('kept');
  await kept;

  while (socket.trySend('fill'));
  const cancelled = socket.send('cancelled');
  socket.connect(scratch.path('other'));
  await expect(cancelled).rejects.toMatchObject({
    code: 'ECANCELED',
    address: scratch.path('receiver'),
  });
  await socket.send('other');
  expect(await text(other)).toBe('other');

  while (socket.trySend('fill'));
  const forgotten = socket.send('forgotten');
  socket.disconnect();
  await expect(forgotten).rejects.toMatchObject({ code: 'ECANCELED' });
  await expect(socket.send('nobody')).rejects.toMatchObject({ code: 'ENOTCONN' });
});
