// `authorize` decides before a connection is handed over.
import { setTimeout } from 'node:timers/promises';
import {
  type AuthorizeOptions,
  type Peer,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test, vi } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

checkDescriptors();

type Authorize = NonNullable<AuthorizeOptions['authorize']>;

async function withListener(
  authorize: Authorize,
  body: (listener: UnixListener, connect: () => Promise<UnixStream>) => Promise<void>,
): Promise<void> {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path(), { authorize });
  const clients: UnixStream[] = [];
  const connect = async (): Promise<UnixStream> => {
    const client = await UnixStream.connect(scratch.path());
    clients.push(client);
    return client;
  };
  try {
    await body(listener, connect);
  } finally {
    for (const client of clients) await client.close();
  }
}

/** Verdicts that are given by hand. */
function verdicts(): { authorize: Authorize; give: ((admitted: boolean) => void)[] } {
  const give: ((admitted: boolean) => void)[] = [];
  return { authorize: () => new Promise((resolve) => give.push(resolve)), give };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(5);
}

describe.each([
  ['a boolean', (verdict: boolean) => verdict],
  ['a promise', async (verdict: boolean) => verdict],
])('%s', (_, answer) => {
  test('the refused is closed and counted, the next one comes', async () => {
    const allowed = [false, true, false, true];
    const peers: Peer[] = [];
    const authorize: Authorize = (peer) => {
      peers.push(peer);
      return answer(allowed.shift() as boolean);
    };
    await withListener(authorize, async (listener, connect) => {
      const clients = [await connect(), await connect(), await connect(), await connect()];
      const accepted = [await listener.accept(), await listener.accept()];
      expect(listener.refused).toBe(2);
      for (const [i, socket] of accepted.entries()) await socket.write(`hello ${i}`);
      const read = await Promise.all(clients.map(async (client) => await client.read()));
      expect(read.map((data) => data && String(data))).toEqual([null, 'hello 0', null, 'hello 1']);
      expect(peers).toHaveLength(4);
      expect(peers[0]).toMatchObject({ pid: process.pid, uid: process.geteuid?.() });
      for (const socket of accepted) await socket.close();
    });
  });

  test('it looks at all there is', async () => {
    const seen: unknown[] = [];
    const authorize: Authorize = (peer) => {
      seen.push(peer.pid, peer.uid, peer.gid, peer.address?.kind, peer.securityLabel ?? null);
      if (process.platform === 'linux') {
        seen.push(Array.isArray(peer.groups));
        using pidfd = peer.pidFd();
        seen.push(pidfd === null);
      }
      return answer(true);
    };
    await withListener(authorize, async (listener, connect) => {
      await connect();
      await using _socket = await listener.accept();
      const { pid, geteuid, getegid } = process;
      expect(seen.slice(0, 4)).toEqual([pid, geteuid?.(), getegid?.(), 'unnamed']);
    });
  });
});

test('one that is undecided does not hold up the next', async () => {
  const { authorize, give } = verdicts();
  await withListener(authorize, async (listener, connect) => {
    const slow = await connect();
    const accepted = listener.accept();
    await until(() => give.length === 1);
    const quick = await connect();
    await until(() => give.length === 2);
    give[1]?.(true);
    await using first = await accepted;
    await first.write('quick');
    expect(String(await quick.read())).toBe('quick');
    give[0]?.(true);
    await using second = await listener.accept();
    await second.write('slow');
    expect(String(await slow.read())).toBe('slow');
  });
});

test('a verdict that comes when nobody waits is kept for the next accept()', async () => {
  const { authorize, give } = verdicts();
  await withListener(authorize, async (listener, connect) => {
    const client = await connect();
    const aborting = new AbortController();
    const aborted = listener.accept({ signal: aborting.signal });
    await until(() => give.length === 1);
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR' });
    give[0]?.(true);
    await setTimeout(5);
    expect(() => listener.detach()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    await using socket = await listener.accept();
    await socket.write('x');
    expect(String(await client.read())).toBe('x');
  });
});

test('close() settles all: those undecided and those not taken are closed', async () => {
  const { authorize, give } = verdicts();
  await withListener(authorize, async (listener, connect) => {
    const clients = [await connect(), await connect()];
    const accepting = [listener.accept(), listener.accept()];
    for (const each of accepting) each.catch(() => {});
    await until(() => give.length === 2);
    await listener.close();
    for (const each of accepting) {
      await expect(each).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    }
    for (const client of clients) expect(await client.read()).toBe(null);
    give[0]?.(true);
    give[1]?.(false);
    await setTimeout(5);
    expect(listener.refused).toBe(0);
  });
});

test('close() inside of authorize', async () => {
  let listening: UnixListener | undefined;
  const authorize: Authorize = () => {
    listening?.close();
    return true;
  };
  await withListener(authorize, async (listener, connect) => {
    listening = listener;
    const client = await connect();
    await expect(listener.accept()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    expect(await client.read()).toBe(null);
  });
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
  ['returns no boolean', () => 1],
  ['promises no boolean', async () => 'yes'],
])('one that %s refuses, with one warning', async (_, authorize) => {
  const warned = vi.fn();
  process.on('warning', warned);
  await withListener(authorize as Authorize, async (listener, connect) => {
    const aborting = new AbortController();
    const accepted = listener.accept({ signal: aborting.signal });
    for (let i = 1; i <= 2; i++) {
      const client = await connect();
      expect(await client.read()).toBe(null);
      expect(listener.refused).toBe(i);
    }
    aborting.abort();
    await expect(accepted).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
  await setTimeout(5);
  process.off('warning', warned);
  expect(warned).toHaveBeenCalledTimes(1);
  expect(warned.mock.calls[0]?.[0]).toMatchObject({ code: 'AFUNIX_AUTHORIZE_FAILED' });
});

test('a thousand refusals and one that is let in', async () => {
  let asked = 0;
  await withListener(
    () => ++asked > 1000,
    async (listener, connect) => {
      const accepted = listener.accept();
      for (let i = 0; i < 1001; i++) {
        const client = await connect();
        if (i < 1000) await client.close();
      }
      await using _socket = await accepted;
      expect([asked, listener.refused]).toEqual([1001, 1000]);
    },
  );
});

test.runIf(hasSeqpacket)('seqpacket listeners, and adopted ones', async () => {
  using scratch = new Scratch();
  const bound = await UnixSeqpacketListener.bind(scratch.path(), { authorize: () => false });
  await using listener = bound.detach().toUnixSeqpacketListener({ authorize: () => false });
  await using client = await UnixSeqpacket.connect(scratch.path());
  const accepted = listener.accept();
  expect(await client.receive()).toBe(null);
  expect([bound.refused, listener.refused]).toEqual([0, 1]);
  await listener.close();
  await expect(accepted).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
});

test('what is no function: a TypeError', async () => {
  await expect(UnixListener.bind('/nowhere', { authorize: true as never })).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  });
});
