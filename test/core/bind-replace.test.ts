// Who may take a path that is there already.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { UnixDatagram, UnixListener, UnixSeqpacketListener, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

const inUse = { code: 'EADDRINUSE', syscall: 'bind' };

async function leaveStale(path: string): Promise<void> {
  const dead = await UnixListener.bind(path, { unlinkOnClose: false });
  await dead.close();
}

test('never: a stale file is in the way, and stays', async () => {
  using scratch = new Scratch();
  await leaveStale(scratch.path());
  await expect(UnixListener.bind(scratch.path())).rejects.toMatchObject(inUse);
  expect(readdirSync(scratch.folder)).toEqual(['socket']);
});

test('stale: takes the path where nobody answers', async () => {
  using scratch = new Scratch();
  await leaveStale(scratch.path());
  await using listener = await UnixListener.bind(scratch.path(), { replace: 'stale' });
  await using client = await UnixStream.connect(scratch.path());
  await using server = await listener.accept();
  expect(client.closed || server.closed).toBe(false);
  expect(readdirSync(scratch.folder)).toEqual(['socket']);
});

describe.each(['stream', 'seqpacket', 'datagram'] as const)('stale: a living %s', (type) => {
  test('keeps the path, and sees no connection from the probe', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    const Class = {
      stream: UnixListener,
      seqpacket: UnixSeqpacketListener,
      datagram: UnixDatagram,
    }[type];
    await using alive = await Class.bind(path);
    for (const Other of [UnixListener, UnixSeqpacketListener, UnixDatagram]) {
      await expect(Other.bind(path, { replace: 'stale' })).rejects.toMatchObject(inUse);
    }
    if (!(alive instanceof UnixDatagram)) {
      await expect(alive.accept({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
        name: 'AbortError',
      });
    }
  });
});

describe.each(['stale', 'always'] as const)('%s never touches', (replace) => {
  test('a regular file', async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path(), 'precious');
    await expect(UnixListener.bind(scratch.path(), { replace })).rejects.toMatchObject(inUse);
    expect(readFileSync(scratch.path(), 'utf8')).toBe('precious');
    expect(readdirSync(scratch.folder)).toEqual(['socket']);
  });

  test('a folder', async () => {
    using scratch = new Scratch();
    mkdirSync(scratch.path());
    await expect(UnixListener.bind(scratch.path(), { replace })).rejects.toMatchObject(inUse);
  });

  test('a symbolic link, also one to a stale socket', async () => {
    using scratch = new Scratch();
    await leaveStale(scratch.path('real'));
    symlinkSync(scratch.path('real'), scratch.path());
    await expect(UnixListener.bind(scratch.path(), { replace })).rejects.toMatchObject(inUse);
    expect(readdirSync(scratch.folder).toSorted()).toEqual(['real', 'socket']);
  });
});

test('always: swaps the path, and at no moment is nobody there', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const listeners = [await UnixListener.bind(path)];
  const failures: unknown[] = [];
  let connections = 0;
  let done = false;
  const connecting = (async () => {
    while (!done) {
      try {
        const client = await UnixStream.connect(path);
        connections += 1;
        await client.close();
      } catch (error) {
        failures.push(error);
      }
      await new Promise(setImmediate);
    }
  })();
  for (let swap = 0; swap < 100; swap += 1) {
    listeners.push(await UnixListener.bind(path, { replace: 'always', backlog: 10_000 }));
    await new Promise(setImmediate);
    await listeners.shift()?.close();
  }
  done = true;
  await connecting;
  for (const listener of listeners) await listener.close();
  expect(failures).toEqual([]);
  expect(connections).toBeGreaterThan(50);
  expect(readdirSync(scratch.folder)).toEqual([]);
});
