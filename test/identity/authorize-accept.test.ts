// `authorize` and the calls of a listener.
import { once } from 'node:events';
import { UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixStream } from 'afunix';
import { createServer } from 'afunix/net';
import { expect, test } from 'vitest';
import { Decisions } from '../helpers/decisions.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import type { Authorize } from '../helpers/doors.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

checkDescriptors();

const turn = (): Promise<void> => new Promise(setImmediate);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

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

test('a verdict that comes when nobody waits is kept for the next accept()', async () => {
  const decisions = new Decisions();
  await withListener(decisions.authorize, async (listener, connect) => {
    const client = await connect();
    const aborting = new AbortController();
    const aborted = listener.accept({ signal: aborting.signal });
    await until(() => decisions.asked === 1);
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR' });
    decisions.pending[0]?.admit(true);
    await turn();
    expect(() => listener.detach()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    await using socket = await listener.accept();
    await socket.write('x');
    expect(String(await client.read())).toBe('x');
  });
});

test('an authorize that aborts the accept(): the connection is kept for the next', async () => {
  const aborting = new AbortController();
  const authorize = (): boolean => {
    aborting.abort();
    return true;
  };
  await withListener(authorize, async (listener, connect) => {
    const aborted = listener.accept({ signal: aborting.signal });
    const client = await connect();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await using socket = await listener.accept();
    await socket.write('x');
    expect(String(await client.read())).toBe('x');
  });
});

test('accept() calls that wait reject when authorize closes the listener', async () => {
  let listening: UnixListener | undefined;
  const authorize: Authorize = () => {
    listening?.close();
    return true;
  };
  await withListener(authorize, async (listener, connect) => {
    listening = listener;
    await connect();
    await expect(listener.accept()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  });
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

test('maxConnections counts those that are not decided', async () => {
  using scratch = new Scratch();
  const decisions = new Decisions();
  const dropped: unknown[] = [];
  const server = createServer({ authorize: decisions.authorize }, (socket) => socket.destroy());
  server.maxConnections = 2;
  server.on('drop', (...peer) => dropped.push(...peer, 'dropped'));
  await once(server.listen(scratch.path()), 'listening');
  const clients = await Promise.all([1, 2, 3].map(() => UnixStream.connect(scratch.path())));
  expect(await Promise.race(clients.map((client) => client.read()))).toBe(null);
  expect([decisions.asked, dropped]).toEqual([2, ['dropped']]);
  await server[Symbol.asyncDispose]();
  for (const client of clients) await client.close();
});

test.runIf(hasSeqpacket)('adopted listeners', async () => {
  using scratch = new Scratch();
  const bound = await UnixSeqpacketListener.bind(scratch.path(), { authorize: () => false });
  await using listener = UnixSeqpacketListener.fromFd(bound.detach(), {
    authorize: () => false,
  });
  await using client = await UnixSeqpacket.connect(scratch.path());
  const accepted = listener.accept();
  expect(await client.receive()).toBe(null);
  expect([bound.refused, listener.refused]).toEqual([0, 1]);
  await listener.close();
  await expect(accepted).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
});

test('what is no function: a TypeError', async () => {
  const authorize = true as never;
  const wrong = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  await expect(UnixListener.bind('/nowhere', { authorize })).rejects.toEqual(wrong);
  expect(() => createServer({ authorize })).toThrow(wrong);
});
