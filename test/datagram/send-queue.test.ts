// What waits for a full receiver: in order, bounded, unchanged, and in nobody else's way.
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { UnixDatagram } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fill, receiver, take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

/** A sender, connected to the receiver or not, and the options that send there. */
const ways = [
  { way: 'connected', connected: true },
  { way: 'unconnected', connected: false },
];

describe.each(ways)('$way', ({ connected }) => {
  async function setUp(scratch: Scratch, options?: Parameters<typeof UnixDatagram.unbound>[0]) {
    const to = await receiver(scratch);
    const sender = UnixDatagram.unbound(options);
    const path = scratch.path('receiver');
    if (connected) sender.connect(path);
    const where = connected ? {} : { to: path };
    return { to, sender, where, path };
  }

  test('messages wait, in order, and trySend does not overtake them', async () => {
    using scratch = new Scratch();
    const { to, sender, where, path } = await setUp(scratch);
    await using _to = to;
    await using _sender = sender;
    const first = fill(sender, connected ? undefined : path);
    const waiting = ['a', 'b', 'c'].map((data) => sender.send(data, where));
    waiting.push(sender.sendMany(['d', 'e'].map((data) => ({ data, ...where }))));
    expect(sender.trySend('overtakes', where)).toBe(false);

    const texts = await take(to, first + 5);
    expect(texts.slice(first)).toEqual(['a', 'b', 'c', 'd', 'e']);
    await Promise.all(waiting);
    expect(sender.trySend('now', where)).toBe(true);
  });

  test('sends that wait go together: each has its own result, and its place', async () => {
    using scratch = new Scratch();
    const path = scratch.path('receiver');
    await using to = await UnixDatagram.bind(path, { maxFds: 1 });
    await using sender = UnixDatagram.unbound();
    if (connected) sender.connect(path);
    const where = connected ? {} : { to: path };
    const first = fill(sender, connected ? undefined : path);
    const file = await open(scratch.path('file'), 'w');
    const sends: Promise<void>[] = [];
    const texts: string[] = [];
    const send = (text: string, options = {}): void => {
      sends.push(sender.send(text, { ...where, ...options }));
      texts.push(text);
    };
    for (let count = 0; count < 100; count++) send(`${count}`);
    const large = sender.send(Buffer.alloc(sender.sendBufferSize), where);
    send('after the large one');
    send('with a descriptor', { fds: [file] });
    for (let count = 0; count < 100; count++) send(`again ${count}`);
    const tooLarge = expect(large).rejects.toMatchObject({ code: 'EMSGSIZE', syscall: 'send' });

    await take(to, first);
    for (const text of texts) {
      const { data, fds } = await to.receive();
      expect(data.toString()).toBe(text);
      expect(fds.length).toBe(text === 'with a descriptor' ? 1 : 0);
      fds[0]?.close();
    }
    await Promise.all(sends);
    await tooLarge;
    await file.close();
    expect(sender.stats().queue).toEqual({ messages: 0, bytes: 0 });
  });

  test("a queued message is not changed by its buffer's next use", async () => {
    using scratch = new Scratch();
    const { to, sender, where, path } = await setUp(scratch);
    await using _to = to;
    await using _sender = sender;
    const first = fill(sender, connected ? undefined : path);
    const buffer = Buffer.from('one');
    const one = sender.send(buffer, where);
    buffer.write('two');
    const many = sender.sendMany([{ data: buffer, ...where }]);
    buffer.write('xxx');
    expect((await take(to, first + 2)).slice(first)).toEqual(['one', 'two']);
    await Promise.all([one, many]);
  });

  test('a signal takes its message out, and leaves the others', async () => {
    using scratch = new Scratch();
    const { to, sender, where, path } = await setUp(scratch);
    await using _to = to;
    await using _sender = sender;
    const first = fill(sender, connected ? undefined : path);
    const abort = new AbortController();
    const before = sender.send('before', where);
    const aborted = sender.send('aborted', { ...where, signal: abort.signal });
    const after = sender.send('after', where);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toMatchObject({
      name: 'AbortError',
      cause: { message: 'enough' },
    });
    expect((await take(to, first + 2)).slice(first)).toEqual(['before', 'after']);
    await Promise.all([before, after]);

    const again = fill(sender, connected ? undefined : path);
    const alone = new AbortController();
    const lonely = sender.send('aborted', { ...where, signal: alone.signal });
    alone.abort();
    await expect(lonely).rejects.toMatchObject({ name: 'AbortError' });
    await take(to, again);
    expect(sender.trySend('free', where)).toBe(true);
  });

  test('sendQueueLimit: over it ENOBUFS, before anything of it is sent', async () => {
    using scratch = new Scratch();
    const limit = { messages: 3, bytes: 100 };
    const { to, sender, where, path } = await setUp(scratch, { sendQueueLimit: limit });
    await using _to = to;
    await using _sender = sender;
    const first = fill(sender, connected ? undefined : path);
    const full = { code: 'ENOBUFS', syscall: 'send' };
    const waiting = [sender.send('a', where), sender.send('b', where)];
    await expect(sender.send(Buffer.alloc(99), where)).rejects.toMatchObject({
      ...full,
      message: expect.stringContaining('sendQueueLimit'),
    });
    const two = ['c', 'd'].map((data) => ({ data, ...where }));
    await expect(sender.sendMany(two)).rejects.toMatchObject({ code: 'ENOBUFS' });
    waiting.push(sender.sendMany([{ data: 'c', ...where }]));
    await expect(sender.send('d', where)).rejects.toMatchObject({ code: 'ENOBUFS' });

    expect((await take(to, first + 3)).slice(first)).toEqual(['a', 'b', 'c']);
    await Promise.all(waiting);
    await sender.send('room again', where);
    expect(await take(to, 1)).toEqual(['room again']);
  });

  test('sendMany: all or none, also when the receiver has some room', async () => {
    using scratch = new Scratch();
    const { to, sender, where } = await setUp(scratch, { sendQueueLimit: { messages: 2 } });
    await using _to = to;
    await using _sender = sender;
    const three = ['a', 'b', 'c'].map((data) => ({ data, ...where }));
    await expect(sender.sendMany(three)).rejects.toMatchObject({ code: 'ENOBUFS' });
    await sender.sendMany(three.slice(1));
    expect(await take(to, 2)).toEqual(['b', 'c']);
  });

  test('descriptors wait as duplicates: the caller may close its own', async () => {
    using scratch = new Scratch();
    const path = scratch.path('receiver');
    await using to = await UnixDatagram.bind(path, { maxFds: 1 });
    await using sender = UnixDatagram.unbound();
    if (connected) sender.connect(path);
    const first = fill(sender, connected ? undefined : path);
    const file = await open(scratch.path('file'), 'w');
    const where = connected ? {} : { to: path };
    const waiting = sender.send('file', { ...where, fds: [file] });
    await file.close();
    await take(to, first);
    const message = await to.receive();
    expect(message.fds[0]?.kind).toBe('file');
    message.fds[0]?.close();
    await waiting;
  });

  test('closing rejects what waits', async () => {
    using scratch = new Scratch();
    const { to, sender, where, path } = await setUp(scratch);
    await using _to = to;
    fill(sender, connected ? undefined : path);
    const waiting = [sender.send('a', where), sender.sendMany([{ data: 'b', ...where }])];
    await sender.close();
    for (const each of waiting) {
      await expect(each).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    }
  });

  test('the receiver dies: each message that waits learns it', async () => {
    using scratch = new Scratch();
    const { to, sender, where, path } = await setUp(scratch);
    await using _sender = sender;
    fill(sender, connected ? undefined : path);
    const waiting = [sender.send('a', where), sender.send('b', where)];
    await to.close();
    const codes = await Promise.all(waiting.map((each) => each.catch(({ code }) => code)));
    expect(codes).toEqual(connected ? ['ECONNREFUSED', 'ENOTCONN'] : ['ENOENT', 'ENOENT']);
  });
});

test('a full receiver holds up nobody else', async () => {
  using scratch = new Scratch();
  await using full = await receiver(scratch, 'full');
  await using free = await receiver(scratch, 'free');
  await using sender = UnixDatagram.unbound();
  const filled = fill(sender, scratch.path('full'));
  let late = false;
  const waiting = sender.send('late', { to: scratch.path('full') }).then(() => {
    late = true;
  });
  for (let i = 0; i < 100; i++) {
    await sender.send(`free ${i}`, { to: scratch.path('free') });
    expect(await take(free, 1)).toEqual([`free ${i}`]);
  }
  const both = ['full', 'free'].map((name) => ({ data: name, to: scratch.path(name) }));
  const mixed = sender.sendMany(both);
  expect(await take(free, 1)).toEqual(['free']);
  expect(late).toBe(false);
  expect((await take(full, filled + 2)).slice(filled)).toEqual(['late', 'full']);
  await Promise.all([waiting, mixed]);
});

test('sendMany to many: each its own, in order; the first error tells, the others go', async () => {
  using scratch = new Scratch();
  await using first = await receiver(scratch, 'first');
  await using second = await receiver(scratch, 'second');
  await using sender = UnixDatagram.unbound();
  const to = (name: string, data: string) => ({ data, to: scratch.path(name) });
  await sender.sendMany([to('first', 'a'), to('second', 'b'), to('first', 'c')]);
  expect(await take(first, 2)).toEqual(['a', 'c']);
  expect(await take(second, 1)).toEqual(['b']);

  const some = [to('first', 'a'), to('none', 'x'), to('second', 'b'), to('none', 'y')];
  await expect(sender.sendMany(some)).rejects.toMatchObject({
    code: 'ENOENT',
    address: scratch.path('none'),
  });
  expect(await take(first, 1)).toEqual(['a']);
  expect(await take(second, 1)).toEqual(['b']);
});

test('sendMany of thousands, to one who reads', async () => {
  using scratch = new Scratch();
  await using to = await receiver(scratch);
  await using sender = UnixDatagram.unbound();
  sender.connect(scratch.path('receiver'));
  const texts = Array.from({ length: 5000 }, (_, i) => `message ${i}`);
  const [received] = await Promise.all([take(to, texts.length), sender.sendMany(texts)]);
  expect(received).toEqual(texts);
});

test("an unref'd sender does not keep the process for what waits", async () => {
  using scratch = new Scratch();
  await using _to = await receiver(scratch);
  await using ends = Child.fixture('unref-sender.mjs', [scratch.path('receiver')]);
  expect(await ends.succeeds()).toBe('one waits\n');
  await using stays = Child.fixture('unref-sender.mjs', [scratch.path('receiver'), 'ref']);
  await stays.says('one waits');
  const ended = stays.ended.then(() => 'ended');
  expect(await Promise.race([ended, delay(500).then(() => 'stays')])).toBe('stays');
});

test('wrong arguments throw before anything is sent', async () => {
  using scratch = new Scratch();
  await using to = await receiver(scratch);
  await using sender = UnixDatagram.unbound();
  sender.connect(scratch.path('receiver'));
  const bad = ['fine', 5] as never[];
  await expect(sender.sendMany(bad)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  await expect(sender.sendMany('ab' as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  });
  await sender.sendMany([]);
  expect(sender.trySend('only')).toBe(true);
  const message = await to.receive();
  expect(message.data.toString()).toBe('only');
  // It came from a socket without an address.
  await expect(to.send('answer', { to: message.from })).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  });
});
