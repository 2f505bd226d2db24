// An answer to `from` reaches the sender or fails, and never anybody else: for any length of its path, and
// whatever its `replace`.
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type UnixAddress, UnixDatagram } from 'afunix';
import * as dgram from 'afunix/dgram';
import { describe, expect, test } from 'vitest';
import { describeWithUsers, fixtureAs, nobody, somebody } from '../helpers/another-user.js';
import { ask, Child, terminate } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Peer } from '../helpers/peers.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

const nowhere = expect.objectContaining({
  code: expect.stringMatching(/^(ENOENT|ENOTDIR|EACCES)$/),
});

/** A folder whose sockets have pathnames that do not fit. */
function deep(scratch: Scratch, name = 'd'): string {
  const folder = scratch.path(name.repeat(120));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Opens a folder so often that its descriptors have all the low numbers. */
function openOften(folder: string): Disposable {
  const fds = Array.from({ length: 60 }, () => openSync(folder, constants.O_RDONLY));
  return { [Symbol.dispose]: () => fds.forEach(closeSync) };
}

async function correspondent(
  path: string,
  options: object = {},
  user?: { uid: number; gid: number },
): Promise<Child> {
  const args = [path, JSON.stringify(options)];
  const child =
    user === undefined
      ? Child.fixture('correspondent.mjs', args)
      : fixtureAs(user, 'correspondent.mjs', args);
  await child.says('ready');
  return child;
}

// biome-ignore lint/suspicious/noExplicitAny: what the fixture says
const call = (child: Child, ...line: unknown[]): Promise<any> => ask(child, JSON.stringify(line));

describe.runIf(onLinux)('a long path', () => {
  test('case 2: the answer arrives, and nobody else gets it', async () => {
    using scratch = new Scratch();
    const server = await UnixDatagram.bind(scratch.path('server'));
    const client = await UnixDatagram.bind(`${deep(scratch)}/client`);
    const stranger = await UnixDatagram.bind(scratch.path('client'));
    await client.send('ask', { to: server.localAddress as UnixAddress });
    using _ = openOften(scratch.folder);
    const { from } = await server.receive();
    await server.send('secret', { to: from });
    expect(`${(await client.receive()).data}`).toBe('secret');
    expect(stranger.bytesReadable).toBe(0);
    for (const socket of [server, client, stranger]) await socket.close();
  });

  test.each([
    ['107 bytes', 107, 20],
    ['108 bytes', 108, 20],
    ['109 bytes', 109, 20],
    ['a name of 255 bytes', 0, 255],
    ['4,095 bytes', 4095, 255],
  ])('between processes: %s', async (_, length, last) => {
    using scratch = new Scratch();
    let folder = scratch.folder;
    while (length - last - 1 - folder.length > 1) {
      const room = length - last - 1 - folder.length - 1;
      folder += `/${'d'.repeat(room > 202 ? 200 : room)}`;
      mkdirSync(folder);
    }
    const path = `${folder}/`.padEnd(Math.max(length, folder.length + 1 + last), 's');
    await using server = await UnixDatagram.bind(scratch.path('server'));
    await using client = await correspondent(path);
    expect(await call(client, 'local')).toBe(path);
    await call(client, 'send', scratch.path('server'), 'ask');
    const { from } = await server.receive();
    await server.send('answer', { to: from });
    expect(await call(client, 'receive')).toEqual({
      data: 'answer',
      from: scratch.path('server'),
    });
    await call(client, 'close');
    expect(readdirSync(folder).filter((name) => !name.startsWith('d'))).toEqual(
      folder === scratch.folder ? ['server'] : [],
    );
  });

  test('clients of several processes, with their answers crossing', async () => {
    using scratch = new Scratch();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    const folders = ['a', 'b', 'c'].map((name) => deep(scratch, name));
    const clients: Child[] = [];
    for (const folder of folders) clients.push(await correspondent(`${folder}/client`));
    for (const [i, client] of clients.entries()) {
      await call(client, 'send', scratch.path('server'), `${i}`);
    }
    const asked = [await server.receive(), await server.receive(), await server.receive()];
    expect(new Set(asked.map(({ from }) => String(from))).size).toBe(3);
    for (const { from, data } of asked.toReversed()) await server.send(`to ${data}`, { to: from });
    for (const [i, client] of clients.entries()) {
      expect(await call(client, 'receive')).toMatchObject({ data: `to ${i}` });
    }
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test('a long path answers a long path, each in a process of its own', async () => {
    using scratch = new Scratch();
    const paths = ['a', 'b'].map((name) => `${deep(scratch, name)}/socket`) as [string, string];
    await using one = await correspondent(paths[0]);
    await using other = await correspondent(paths[1]);
    await call(other, 'open', scratch.folder);
    await call(one, 'send', paths[1], 'ask');
    await call(other, 'answer', 'answer');
    expect(await call(one, 'receive')).toMatchObject({ data: 'answer' });
  });

  test('after close the answer fails, also when the descriptor is another folder', async () => {
    using scratch = new Scratch();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    const client = await UnixDatagram.bind(`${deep(scratch)}/client`);
    await client.send('ask', { to: scratch.path('server') });
    const { from } = await server.receive();
    await client.close();
    await using stranger = await UnixDatagram.bind(scratch.path('client'));
    using _ = openOften(scratch.folder);
    await expect(server.send('secret', { to: from })).rejects.toEqual(nowhere);
    // The same file name in a folder that has its number by now.
    await using same = await UnixDatagram.bind(`${deep(scratch)}/client`);
    await expect(server.send('secret', { to: from })).rejects.toEqual(nowhere);
    expect([stranger.bytesReadable, same.bytesReadable]).toEqual([0, 0]);
  });

  test('after the end of its process the answer fails', async () => {
    using scratch = new Scratch();
    const path = `${deep(scratch)}/client`;
    await using server = await UnixDatagram.bind(scratch.path('server'));
    await using client = await correspondent(path);
    await call(client, 'send', scratch.path('server'), 'ask');
    const { from } = await server.receive();
    await client[Symbol.asyncDispose]();
    // What it left behind goes with its socket file, and another has the path now.
    await using next = await UnixDatagram.bind(path, { replace: 'stale' });
    using _ = openOften(deep(scratch));
    await expect(server.send('secret', { to: from })).rejects.toEqual(nowhere);
    expect(next.bytesReadable).toBe(0);
    await next.close();
    expect(readdirSync(deep(scratch))).toEqual([]);
  });

  test('without unlinkOnClose only the socket file stays', async () => {
    using scratch = new Scratch();
    const path = `${deep(scratch)}/client`;
    const client = await UnixDatagram.bind(path, { unlinkOnClose: false });
    expect(client.localAddress?.path).toBe(path);
    await client.close();
    expect(readdirSync(deep(scratch))).toEqual(['client']);
  });

  test('detached: the answer fails, and its name is not known any more', async () => {
    using scratch = new Scratch();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    const client = await UnixDatagram.bind(`${deep(scratch)}/client`);
    await client.send('ask', { to: scratch.path('server') });
    const { from } = await server.receive();
    await using adopted = UnixDatagram.fromFd(client.detach());
    await using stranger = await UnixDatagram.bind(scratch.path('client'));
    using _ = openOften(scratch.folder);
    await expect(server.send('secret', { to: from })).rejects.toEqual(nowhere);
    expect(stranger.bytesReadable).toBe(0);
    await server.send('to its path', { to: `${deep(scratch)}/client` });
    expect(`${(await adopted.receive()).data}`).toBe('to its path');
    expect(readdirSync(deep(scratch))).toEqual(['client']);
  });

  test('a worker that ends leaves no file, and no descriptor', async () => {
    using scratch = new Scratch();
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
       import(workerData.module).then(async ({ UnixDatagram }) => {
         globalThis.socket = await UnixDatagram.bind(workerData.path);
         socket.onMessages(() => {});
         parentPort.postMessage('bound');
       });`,
      {
        eval: true,
        workerData: { path: `${deep(scratch)}/s`, module: fromRoot('dist/index.js') },
      },
    );
    await once(worker, 'message');
    expect(readdirSync(deep(scratch))).toHaveLength(2);
    await terminate(worker);
    expect(readdirSync(deep(scratch))).toEqual([]);
  });

  test('afunix/dgram: the answer to a message arrives', async () => {
    using scratch = new Scratch();
    const client = dgram.createSocket('unix_dgram');
    await using server = await UnixDatagram.bind(scratch.path('server'));
    client.bind(`${deep(scratch)}/client`);
    client.send('ask', scratch.path('server'));
    await server.send('answer', { to: (await server.receive()).from });
    expect(`${(await once(client, 'message'))[0]}`).toBe('answer');
    expect(client.address().path).toBe(`${deep(scratch)}/client`);
    client.close();
    expect(readdirSync(deep(scratch))).toEqual([]);
  });
});

describe.each(['never', 'stale', 'always'] as const)('replace: %s', (replace) => {
  test.each(['no file', 'a stale file', 'a living socket'])('%s in the way', async (found) => {
    using scratch = new Scratch();
    const path = scratch.path('client');
    const taken = found === 'a living socket' ? replace !== 'always' : replace === 'never';
    const before =
      found === 'no file' ? null : await UnixDatagram.bind(path, { unlinkOnClose: false });
    if (found === 'a stale file') await before?.close();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    if (before !== null && taken) {
      await expect(UnixDatagram.bind(path, { replace })).rejects.toMatchObject({
        code: 'EADDRINUSE',
      });
    } else {
      await using client = await UnixDatagram.bind(path, { replace });
      await client.send('ask', { to: scratch.path('server') });
      const { from } = await server.receive();
      if (before === null || replace !== 'always') expect(from.path).toBe(path);
      if (onLinux || before === null) {
        await server.send('answer', { to: from });
        expect(`${(await client.receive()).data}`).toBe('answer');
      }
      expect(client.localAddress?.path).toBe(path);
      if (found === 'a living socket') expect(before?.bytesReadable).toBe(0);
      await client.close();
      expect(readdirSync(scratch.folder)).toEqual(['server']);
    }
    await before?.close();
  });
});

describeWith('python3', programPath('python3'), (python) => {
  test.runIf(onLinux)('answers a client at a long path', async () => {
    using scratch = new Scratch();
    const peer = new Peer(python, fromRoot('test/peers/peer.py'));
    await using _server = await peer.serve('unixgram', scratch.path('server'), 'echo');
    await using client = await UnixDatagram.bind(`${deep(scratch)}/client`);
    await client.send('echo', { to: scratch.path('server') });
    expect(`${(await client.receive()).data}`).toBe('echo');
  });

  test.runIf(onLinux)('answers a client that took its path with replace: always', async () => {
    using scratch = new Scratch();
    const peer = new Peer(python, fromRoot('test/peers/peer.py'));
    await using _server = await peer.serve('unixgram', scratch.path('server'), 'echo');
    await using _old = await UnixDatagram.bind(scratch.path('client'));
    await using client = await UnixDatagram.bind(scratch.path('client'), { replace: 'always' });
    await client.send('echo', { to: scratch.path('server') });
    expect(`${(await client.receive()).data}`).toBe('echo');
  });
});

describeWithUsers('another user', () => {
  async function exchange(
    scratch: Scratch,
    users: [typeof nobody, typeof nobody],
  ): Promise<{ answer: unknown; received: number }> {
    for (const [i, name] of ['client', 'server'].entries()) {
      mkdirSync(scratch.path(name.repeat(20)));
      const { uid, gid } = users[i] as typeof nobody;
      chownSync(scratch.path(name.repeat(20)), uid, gid);
    }
    chmodSync(scratch.folder, 0o755);
    const path = scratch.path(`${'client'.repeat(20)}/client`);
    const to = scratch.path(`${'server'.repeat(20)}/server`);
    const open = { mode: 0o666 };
    await using client = await correspondent(path, open, users[0]);
    await using server = await correspondent(to, open, users[1]);
    await call(client, 'send', to, 'ask');
    const answer = await call(server, 'answer', 'answer');
    return { answer, received: await call(client, 'waiting') };
  }

  test('two processes of one: the answer arrives', async () => {
    using scratch = new Scratch();
    expect((await exchange(scratch, [nobody, nobody])).received).toBe(6);
  });

  test('one that may not look into the process cannot answer, and is told so', async () => {
    using scratch = new Scratch();
    const { answer, received } = await exchange(scratch, [nobody, somebody]);
    expect(answer).toEqual({ error: 'EACCES' });
    expect(received).toBe(0);
  });
});

test.runIf(onLinux)('the descriptor that keeps a long name is closed with its socket', async () => {
  using scratch = new Scratch();
  const held = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === deep(scratch);
      } catch {
        return false;
      }
    });
  const socket = await UnixDatagram.bind(`${deep(scratch)}/s`);
  expect(held()).toHaveLength(1);
  await socket.close();
  expect(held()).toEqual([]);
  await expect(UnixDatagram.bind(`${deep(scratch)}/${'s'.repeat(256)}`)).rejects.toMatchObject({
    code: 'ENAMETOOLONG',
  });
  expect(held()).toEqual([]);
});
