// A receiver that a socket is not connected to is waited for by a socket that is: no timer, no descriptor that
// stays, and room for one is room for whoever waits longest.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import { UnixDatagram } from 'afunix';
import { beforeAll, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { openDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

const openFds = (): number => openDescriptors().size;

beforeAll(async () => {
  const [one, other] = UnixDatagram.pair(); // the set of the loop is made at the first wait
  const receiving = other.receive();
  await one.send('');
  await receiving;
  await Promise.all([one.close(), other.close()]);
});

/** Fills the receiver; returns the sends that wait. */
async function overfill(
  sender: UnixDatagram,
  to: string,
  waiting: number,
): Promise<Promise<void>[]> {
  let sent = 0;
  while (sender.trySend(`${sent}`, { to })) sent += 1;
  return Array.from({ length: waiting }, (_, i) => sender.send(`${sent + i}`, { to }));
}

async function receiveAll(receiver: UnixDatagram, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push((await receiver.receive()).data.toString());
  return texts;
}

test('each message that is taken lets one go, at once and in order', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(path);
  await using sender = UnixDatagram.unbound();
  const before = openFds();
  const sending = await overfill(sender, path, 20);
  const count = Number((await receiver.receive({ peek: true })).data.toString()) + 31;
  expect(sender.stats()).toMatchObject({ fullReceivers: 1, queue: { messages: 20 } });
  expect(openFds()).toBe(before + 1);
  const tries = sender.stats().sent.again;
  await delay(200);
  expect(sender.stats().sent.again, 'tries while nothing changes').toBe(tries);
  const texts = await receiveAll(receiver, count);
  expect(texts).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
  await Promise.all(sending);
  await delay(10);
  expect(sender.stats()).toMatchObject({ fullReceivers: 0, queue: { messages: 0 } });
  expect(openFds()).toBe(before);
});

test('sockets of one thread share what watches a receiver, and each has its turn', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(path);
  const before = openFds();
  const senders = Array.from({ length: 20 }, () => UnixDatagram.unbound());
  const waiting = [];
  for (const sender of senders) waiting.push(...(await overfill(sender, path, 5)));
  expect(openFds()).toBe(before + senders.length + 1);
  const done = Promise.all(waiting);
  // Room for one at a time: of those that wait, none comes twice before all others did.
  await receiveAll(receiver, 11 + senders.length * 5 - 11);
  for (const sender of senders) {
    expect(sender.stats().queue.messages).toBeLessThanOrEqual(4);
  }
  await receiveAll(receiver, 11);
  await done;
  await Promise.all(senders.map((sender) => sender.close()));
});

test('a receiver that goes fails what waits for it', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  const receiver = await UnixDatagram.bind(path, { unlinkOnClose: false });
  await using sender = UnixDatagram.unbound();
  const sending = await overfill(sender, path, 3);
  const settled = Promise.allSettled(sending);
  await receiver.close();
  for (const { status, reason } of (await settled) as PromiseRejectedResult[]) {
    expect([status, reason.code]).toEqual(['rejected', 'ECONNREFUSED']);
  }
});

test('what waits goes to whoever is bound at the path by then', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using stuck = await UnixDatagram.bind(path);
  await using sender = UnixDatagram.unbound();
  const sending = await overfill(sender, path, 3);
  await using next = await UnixDatagram.bind(path, { replace: 'always' });
  await Promise.all(sending);
  expect(await receiveAll(next, 3)).toHaveLength(3);
  expect(stuck.bytesReadable).toBeGreaterThan(0);
});

test('more receivers than are watched are tried by timer', async () => {
  using scratch = new Scratch();
  await delay(10); // what watched the receivers of other tests is closed when the loop has turned
  const receivers: UnixDatagram[] = [];
  const senders: UnixDatagram[] = [];
  const sending: Promise<void>[] = [];
  for (let i = 0; i < 70; i++) {
    receivers.push(await UnixDatagram.bind(scratch.path(`${i}`)));
    // Of one socket's messages, a few hundred may be on their way.
    if (i % 10 === 0) senders.push(UnixDatagram.unbound());
    sending.push(...(await overfill(senders.at(-1) as UnixDatagram, scratch.path(`${i}`), 2)));
  }
  const watched = senders.map((sender) => sender.stats().fullReceivers);
  expect(watched.reduce((sum, count) => sum + count)).toBe(64);
  await Promise.all(receivers.map((receiver) => receiveAll(receiver, 12)));
  await Promise.all(sending);
  await Promise.all([...receivers, ...senders].map((socket) => socket.close()));
});

test('a socket whose own buffer is full waits for that', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(path);
  await using sender = UnixDatagram.unbound();
  const data = Buffer.alloc(100_000);
  const sending = Array.from({ length: 6 }, () => sender.send(data, { to: path }));
  await delay(10); // the receiver has room: only the try after that shows whose buffer it is
  expect(sender.stats()).toMatchObject({ fullReceivers: 0, queue: { messages: 3 } });
  const tries = sender.stats().sent.again;
  await delay(40);
  expect(sender.stats().sent.again - tries, 'tries while nothing changes').toBeLessThan(8);
  for (let i = 0; i < 6; i++) expect((await receiver.receive()).data).toHaveLength(100_000);
  await Promise.all(sending);
});

// The kernel counts no socket as full for itself, but a probe does.
test('a socket that sends to itself waits for its own buffer', async () => {
  using scratch = new Scratch();
  const to = scratch.path('itself');
  await using socket = await UnixDatagram.bind(to);
  while (socket.trySend('x', { to }));
  const sending = socket.send('last', { to });
  expect(socket.stats()).toMatchObject({ fullReceivers: 0, queue: { messages: 1 } });
  for (let i = 0; i < 200; i++) expect(socket.tryReceive()).toBeDefined();
  await sending;
  expect(socket.bytesReadable).toBeGreaterThan(0); // more wait than another socket's messages could
});

test('a receiver that takes nothing does not hold up the connected peer', async () => {
  using scratch = new Scratch();
  const [peer, other] = [scratch.path('peer'), scratch.path('other')];
  await using receiver = await UnixDatagram.bind(peer);
  await using _stuck = await UnixDatagram.bind(other);
  await using sender = UnixDatagram.unbound();
  sender.connect(peer);
  // More than a quarter of the sender's buffer: poll(2) does not call it writable any more.
  expect(sender.trySend(Buffer.alloc(60_000), { to: other })).toBe(true);
  let sent = 0;
  while (sender.trySend('x')) sent += 1;
  const sending = sender.send('last');
  await receiveAll(receiver, sent);
  await sending;
  expect((await receiver.receive()).data.toString()).toBe('last');
});

test('a socket that is closed by who is told of a message rejects the rest', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(path);
  await using sender = UnixDatagram.unbound();
  const sending = Promise.allSettled(await overfill(sender, path, 3));
  let closing = sender;
  const close = (message: unknown): void => {
    if ((message as { direction: string }).direction === 'sent') closing.close();
  };
  subscribe('afunix:message', close);
  try {
    while (receiver.tryReceive() !== undefined);
    const results = (await sending) as PromiseRejectedResult[];
    expect(results.map(({ reason }) => reason?.code)).toEqual(Array(3).fill('ERR_SOCKET_CLOSED'));
    closing = UnixDatagram.unbound();
    const many = closing.sendMany(['a', 'b'].map((data) => ({ data, to: path })));
    await expect(many).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  } finally {
    unsubscribe('afunix:message', close);
  }
});

test('a queue that ended while another was served stays ended', async () => {
  using scratch = new Scratch();
  const [first, second] = [scratch.path('first'), scratch.path('second')];
  await using one = await UnixDatagram.bind(first);
  await using other = await UnixDatagram.bind(second);
  await using sender = UnixDatagram.unbound();
  const data = Buffer.alloc(100_000);
  while (sender.trySend(data, { to: first }));
  while (sender.trySend(data, { to: second })); // its own buffer is full: both wait for that
  const aborting = new AbortController();
  let again: Promise<void> | undefined;
  let waiting = 9;
  // A signal of another class runs code of its own when the first message has gone.
  const signal = Object.assign(new EventTarget(), {
    aborted: false,
    reason: undefined,
    removeEventListener(): void {
      aborting.abort();
      while (sender.trySend(data, { to: second })); // and the buffer is full again
      waiting += 1;
      again = sender.send(data, { to: second }).finally(() => {
        waiting -= 1;
      });
      again.catch(() => {});
    },
  });
  const gone = sender.send(data, { to: first, signal: signal as unknown as AbortSignal });
  const more = Array.from({ length: 9 }, async () => {
    await sender.send(data, { to: first });
    waiting -= 1;
  });
  const aborted = sender.send(data, { to: second, signal: aborting.signal });
  await delay(150); // the timers that back the event up are far apart by now
  await Promise.all([
    gone,
    expect(aborted).rejects.toMatchObject({ name: 'AbortError' }),
    one.receive(),
    one.receive(),
    one.receive(),
  ]);
  expect(again).toBeDefined();
  expect(sender.stats().queue.messages).toBe(waiting);
  one.onMessages(() => {});
  other.onMessages(() => {});
  await Promise.all([...more, again]);
});

test('a socket that is closed leaves nothing open', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(path);
  await delay(10); // what watched the receivers of other tests is closed when the loop has turned
  const before = openFds();
  const sender = UnixDatagram.unbound();
  const sending = Promise.allSettled(await overfill(sender, path, 3));
  await sender.close();
  expect((await sending).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  await delay(10);
  expect(openFds()).toBe(before);
  expect(receiver.bytesReadable).toBeGreaterThan(0);
});

test('waiting keeps the process alive, unless the socket does not', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  await using _receiver = await UnixDatagram.bind(path);
  await using unreferenced = Child.fixture('waits-for-room.mjs', [path, 'unref']);
  expect(await unreferenced.succeeds()).toBe('waits\n');
  await using referenced = Child.fixture('waits-for-room.mjs', [path, 'ref']);
  await referenced.says('waits');
  await delay(300);
  referenced.kill('SIGKILL');
});

test('of many processes that wait for one slow receiver none starves, and none spins', async () => {
  using scratch = new Scratch();
  const path = scratch.path('receiver');
  const [processes, messages] = [8, 40];
  await using receiver = await UnixDatagram.bind(path);
  const children = Array.from({ length: processes }, (_, i) =>
    Child.fixture('waits-for-room.mjs', [path, 'ref', `${messages}`, `${i} `]),
  );
  const counts = new Map<string, number>();
  for (let i = 0; i < processes * messages; i++) {
    const [from = ''] = (await receiver.receive()).data.toString().split(' ');
    counts.set(from, (counts.get(from) ?? 0) + 1);
    if (i % 10 === 0) await delay(1);
  }
  expect([...counts.values()]).toEqual(Array(processes).fill(messages));
  for (const child of children) {
    const [, again] = (await child.succeeds()).trim().split('\n');
    // One for each time that there was room, and that somebody else took it.
    expect(Number(again)).toBeLessThan(10 * messages);
  }
});
