// Signals of other classes that throw, or that fire at once: nothing is lost, and everything settles.
import { UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

type Listener = () => void;

class Signal {
  aborted = false;
  get reason(): unknown {
    return 'a reason';
  }
  protected listeners = new Set<Listener>();
  addEventListener(_: string, listener: Listener): void {
    this.listeners.add(listener);
  }
  removeEventListener(_: string, listener: Listener): void {
    this.listeners.delete(listener);
  }
  abort(): void {
    this.aborted = true;
    for (const listener of this.listeners) listener();
  }
}

class ThrowsOnAdd extends Signal {
  override addEventListener(): void {
    throw new Error('add');
  }
}

class FiresOnAdd extends Signal {
  override addEventListener(_: string, listener: Listener): void {
    listener();
  }
}

class ThrowsOnRemove extends Signal {
  override removeEventListener(): void {
    throw new Error('remove');
  }
}

class ThrowsOnReason extends Signal {
  override get reason(): unknown {
    throw new Error('reason');
  }
}

const as = (signal: Signal): AbortSignal => signal as unknown as AbortSignal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const kinds: [
  string,
  () => Promise<{
    send(): Promise<void>;
    receive(signal?: AbortSignal): Promise<string>;
    close(): Promise<void>;
  }>,
][] = [
  [
    'read of a stream',
    async () => {
      const [one, other] = UnixStream.pair();
      return {
        send: () => one.write('x'),
        receive: async (signal) =>
          String(await other.read(null, signal === undefined ? {} : { signal })),
        close: async () => void (await Promise.all([one.close(), other.close()])),
      };
    },
  ],
  [
    'receive of a datagram',
    async () => {
      const [one, other] = UnixDatagram.pair();
      return {
        send: () => one.send('x'),
        receive: async (signal) =>
          String((await other.receive(signal === undefined ? {} : { signal })).data),
        close: async () => void (await Promise.all([one.close(), other.close()])),
      };
    },
  ],
  [
    'receive of a packet',
    async () => {
      const [one, other] = UnixSeqpacket.pair();
      return {
        send: () => one.send('x'),
        receive: async (signal) =>
          String((await other.receive(signal === undefined ? {} : { signal }))?.data),
        close: async () => void (await Promise.all([one.close(), other.close()])),
      };
    },
  ],
];

describe.each(kinds)('%s', (_, make) => {
  test.each([
    ['throws when it is listened to', () => new ThrowsOnAdd(), 'add'],
    ['fires when it is listened to', () => new FiresOnAdd(), 'The operation was aborted'],
  ])('%s: it rejects, and what comes is the next one’s', async (_, signal, message) => {
    const { send, receive, close } = await make();
    await expect(receive(as(signal()))).rejects.toThrow(message);
    await send();
    await turn();
    await turn();
    expect(await receive()).toBe('x');
    await close();
  });

  test('throws when it is let go of: all that wait are served', async () => {
    const { send, receive, close } = await make();
    const waiting = [
      receive(as(new ThrowsOnRemove())),
      receive(),
      receive(as(new ThrowsOnRemove())),
    ];
    for (const each of waiting) {
      await send();
      expect(await each).toBe('x');
    }
    await close();
  });

  test('throws when it is asked for its reason: it rejects all the same', async () => {
    const { receive, close } = await make();
    const signal = new ThrowsOnReason();
    const waiting = receive(as(signal));
    signal.abort();
    await expect(waiting).rejects.toMatchObject({
      code: 'ABORT_ERR',
      cause: { message: 'reason' },
    });
    await close();
  });
});

test('accept() settles, and no connection is lost', async () => {
  using scratch = new Scratch();
  const listener = await UnixListener.bind(scratch.path());
  const accepting = listener.accept({ signal: as(new ThrowsOnRemove()) });
  await expect(listener.accept({ signal: as(new ThrowsOnAdd()) })).rejects.toThrow('add');
  const client = await UnixStream.connect(scratch.path());
  await client.write('hello');
  const server = await accepting;
  expect(String(await server.read())).toBe('hello');
  for (const each of [client, server, listener]) await each.close();
});
