// The fast way: an array for each wake-up, and what shares the socket with it.
import { setImmediate as turn } from 'node:timers/promises';
import { type Datagram, UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

const textOf = ({ data }: Datagram): string => data.toString();

/** Resolves when `count` messages have come; `batches` has them as they came. */
function collect(socket: UnixDatagram, count: number, options?: { reuse: boolean }) {
  const batches: string[][] = [];
  let total = 0;
  const done = new Promise<void>((resolve) => {
    socket.onMessages((messages) => {
      batches.push(messages.map(textOf));
      total += messages.length;
      if (total >= count) resolve();
    }, options);
  });
  return { batches, done };
}

test('messages that are there come as one array, at most 32, and the loop has its turn between', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
  await sender.sendMany(texts);

  let turns = 0;
  const turning = setInterval(() => {}, 1);
  const { batches, done } = collect(receiver, texts.length);
  const count = async (): Promise<void> => {
    for (;;) {
      await turn();
      turns += 1;
      if (batches.flat().length === texts.length) return;
    }
  };
  await Promise.all([done, count()]);
  clearInterval(turning);
  expect(batches.flat()).toEqual(texts);
  expect(Math.max(...batches.map((batch) => batch.length))).toBe(32);
  expect(turns).toBeGreaterThanOrEqual(4);
});

test('a loop over messages that never end leaves other things their turn', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  let other = false;
  setImmediate(() => {
    other = true;
  });
  let count = 0;
  await sender.send('again');
  for await (const { data } of receiver) {
    if (other) break;
    expect(++count).toBeLessThan(1000);
    await sender.send(data);
  }
  expect(other).toBe(true);
});

test('a receive() that never has to wait leaves other things their turn', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  let other = false;
  setImmediate(() => {
    other = true;
  });
  for (let count = 0; !other; count++) {
    expect(count).toBeLessThan(1000);
    await sender.send('again');
    await receiver.receive();
  }
});

test('reuse: the same memory serves all messages, right at the time', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const count = 20_000;
  const memory = new Set<ArrayBufferLike>();
  let next = 0;
  const done = new Promise<void>((resolve) => {
    receiver.onMessages(
      (messages) => {
        for (const { data, from } of messages) {
          memory.add(data.buffer);
          expect(data.readUInt32LE(0)).toBe(next);
          expect(from.kind).toBe('unnamed');
          next += 1;
        }
        if (next === count) resolve();
      },
      { reuse: true },
    );
  });
  const messages = Array.from({ length: count }, (_, i) => {
    const data = Buffer.alloc(100);
    data.writeUInt32LE(i);
    return data;
  });
  await sender.sendMany(messages);
  await done;
  expect(memory.size).toBeLessThanOrEqual(2);
});

test('reuse: messages that another socket keeps are not written over', async () => {
  const [first, second] = UnixDatagram.pair();
  const [third, fourth] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  await using other = third;
  await using keeper = fourth;
  const kept: Promise<Datagram>[] = [];
  let left = 2000;
  const done = new Promise<void>((resolve) => {
    receiver.onMessages(
      (messages) => {
        for (const { data } of messages) {
          void other.send(`keep ${data.toString()}`);
          kept.push(keeper.receive());
          left -= 1;
        }
        if (left === 0) resolve();
      },
      { reuse: true },
    );
  });
  for (let i = 0; i < 2000; i++) await sender.send(String(i));
  await done;
  const texts = (await Promise.all(kept)).map(textOf);
  expect(texts).toEqual(Array.from({ length: 2000 }, (_, i) => `keep ${i}`));
});

test('reuse: a receive() that waited keeps its message', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const waiting = [receiver.receive(), receiver.receive()];
  const memory = new Set<ArrayBufferLike>();
  const places = new Set<number>();
  let count = 0;
  const done = new Promise<void>((resolve) => {
    receiver.onMessages(
      (messages) => {
        count += messages.length;
        for (const { data } of messages) {
          memory.add(data.buffer);
          places.add(data.byteOffset);
        }
        if (count === 20) resolve();
      },
      { reuse: true },
    );
  });
  await sender.send('the first');
  const kept = [await waiting[0]];
  await sender.send('the second');
  kept.push(await waiting[1]);
  for (let index = 0; index < 20; index++) {
    await sender.send('what comes later');
    while (count <= index) await turn();
  }
  await done;
  expect(kept.map((message) => textOf(message as Datagram))).toEqual(['the first', 'the second']);
  // And those after it are reused, as they were asked to be.
  expect(memory.size).toBe(1);
  expect(places.size).toBeLessThan(10);
});

test("without reuse the messages are the receiver's to keep", async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const kept: Datagram[] = [];
  const done = new Promise<void>((resolve) => {
    receiver.onMessages((messages) => {
      kept.push(...messages);
      if (kept.length === 5000) resolve();
    });
  });
  const texts = Array.from({ length: 5000 }, (_, i) => `message ${i}`);
  await sender.sendMany(texts);
  await done;
  expect(kept.map(textOf)).toEqual(texts);
});

test('a receive that waits comes first, a later one is refused, null ends it', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const waiting = receiver.receive();
  const { batches, done } = collect(receiver, 1);
  await expect(receiver.receive()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  await sender.sendMany(['one', 'two']);
  expect(textOf(await waiting)).toBe('one');
  await done;
  expect(batches).toEqual([['two']]);

  receiver.onMessages(null);
  await sender.send('three');
  expect(textOf(await receiver.receive())).toBe('three');
});

test('what an iteration has left comes first', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  await sender.sendMany(['one', 'two', 'three']);
  for await (const message of receiver) {
    expect(textOf(message)).toBe('one');
    break;
  }
  const { batches, done } = collect(receiver, 3);
  await sender.send('four');
  await done;
  expect(batches.flat()).toEqual(['two', 'three', 'four']);
});

test('what the callback throws goes to uncaughtException, and the socket lives on', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('throwing-consumer.mjs', [scratch.path()]);
  await child.says('ready');
  await using sender = UnixDatagram.unbound();
  for (const text of ['one', 'two', 'three']) {
    await sender.send(text, { to: scratch.path() });
    await child.says(`uncaught ${text}`);
  }
});

test('closing in the callback', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  const closed = new Promise<void>((resolve) => {
    second.onMessages((messages) => {
      void second.close();
      expect(textOf(messages[0] as Datagram)).toBe('one');
      resolve();
    });
  });
  await sender.send('one');
  await closed;
  expect(second.closed).toBe(true);
});

test.each([
  [[5], 'callback'],
  [[() => {}, { reuse: 1 }], 'reuse'],
  [[() => {}, { onError: 1 }], 'onError'],
])('wrong arguments %#', (args, name) => {
  const socket = UnixDatagram.unbound();
  const call = (): void => (socket.onMessages as (...given: unknown[]) => void)(...args);
  expect(call).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringContaining(name),
    }),
  );
  void socket.close();
});
