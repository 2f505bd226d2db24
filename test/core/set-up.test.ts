// What may have to wait to be set up: a connect for room in the backlog, a bind for the lock on the directory. It is the
// same for the sockets with promises and for those of afunix/net and afunix/dgram.
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import dgram from 'afunix/dgram';
import net from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

interface Closable {
  close(): unknown;
}

/** An attempt: `done` resolves with what was set up, `stop` gives up, `stopped` is what `done` rejects with then. */
interface Attempt {
  readonly done: Promise<Closable>;
  stop(): void;
}

const ended = { code: 'ABORT_ERR' };

const abortable = (attempt: (signal: AbortSignal) => Promise<Closable>): Attempt => {
  const controller = new AbortController();
  return { done: attempt(controller.signal), stop: () => controller.abort() };
};

/** Resolves at `event`, rejects at 'error', and with `ended` when it was stopped. */
const eventful = (
  socket: NodeJS.EventEmitter,
  event: string,
  close: () => unknown,
): Attempt & { heard: string[] } => {
  const heard: string[] = [];
  const controller = new AbortController();
  for (const name of ['connect', 'listening', 'error']) socket.on(name, () => heard.push(name));
  return {
    heard,
    done: once(socket, event, { signal: controller.signal }).then(() => ({ close })),
    stop: () => {
      close();
      controller.abort();
    },
  };
};

const connects: [string, typeof UnixListener | typeof UnixSeqpacketListener, Connect][] = [
  [
    'UnixStream',
    UnixListener,
    (path) => abortable((signal) => UnixStream.connect(path, { signal })),
  ],
  [
    'UnixSeqpacket',
    UnixSeqpacketListener,
    (path) => abortable((signal) => UnixSeqpacket.connect(path, { signal })),
  ],
  [
    'Socket of afunix/net',
    UnixListener,
    (path) => {
      const socket = net.connect(path);
      return eventful(socket, 'connect', () => socket.destroy());
    },
  ],
];
type Connect = (path: string) => Attempt;

/** Long enough for several tries. */
const severalTries = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

describe.each(connects)('connect with a full backlog: %s', (_, Listener, connect) => {
  test('waits for room', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path(), { backlog: 0 });
    const attempts = Array.from({ length: 4 }, () => connect(scratch.path()));
    await severalTries();
    for (let i = 0; i < 4; i++) (await listener.accept()).close();
    for (const { done } of attempts) (await done).close();
  });

  test('fails with the error of a later try', async () => {
    using scratch = new Scratch();
    const listener = await Listener.bind(scratch.path(), { backlog: 0, unlinkOnClose: false });
    const first = connect(scratch.path());
    await first.done;
    const failed = expect(connect(scratch.path()).done).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    await severalTries();
    await listener.close();
    await failed;
    (await first.done).close();
  });

  test('gives up when it is told to', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path(), { backlog: 0 });
    const first = connect(scratch.path());
    await first.done;
    const attempt = connect(scratch.path());
    const stopped = expect(attempt.done).rejects.toMatchObject(ended);
    await severalTries();
    attempt.stop();
    await stopped;
    (await listener.accept()).close();
    (await first.done).close();
    await severalTries();
    // It has not connected after all.
    expect(listener.stats().received.messages).toBe(1);
  });
});

type Bind = (path: string) => Attempt & { heard?: string[] };
/** Takes the lock on the directory. */
const replace = 'stale';
const binds: [string, Bind][] = [
  ['UnixListener', (path) => abortable(() => UnixListener.bind(path, { replace }))],
  [
    'UnixSeqpacketListener',
    (path) => abortable(() => UnixSeqpacketListener.bind(path, { replace })),
  ],
  ['UnixDatagram', (path) => abortable(() => UnixDatagram.bind(path, { replace }))],
  [
    'Server of afunix/net',
    (path) => {
      const server = net.createServer().listen({ path, replace });
      return eventful(server, 'listening', () => server.close());
    },
  ],
  [
    'Socket of afunix/dgram',
    (path) => {
      const socket = dgram.createSocket('unix_dgram').bind({ path, replace });
      return eventful(socket, 'listening', () => socket.close());
    },
  ],
];

const flock = programPath('flock');

describe.skipIf(flock === undefined).each(binds)('bind in a locked directory: %s', (name, bind) => {
  async function locked(play: (path: string, unlock: () => void) => Promise<void>): Promise<void> {
    using scratch = new Scratch();
    const hold = ['-x', scratch.folder, 'sh', '-c', 'echo held; read line'];
    await using holder = new Child(flock as string, ['--no-fork', ...hold]);
    await holder.says('held');
    await play(scratch.path(), () => holder.process.stdin?.end());
  }

  test('waits for the lock', () =>
    locked(async (path, unlock) => {
      const { done } = bind(path);
      await severalTries();
      expect(existsSync(path)).toBe(false);
      unlock();
      (await done).close();
    }));

  test('fails with the error of a later try', () =>
    locked(async (path, unlock) => {
      const failed = expect(bind(path).done).rejects.toMatchObject({ code: 'EADDRINUSE' });
      writeFileSync(path, 'a file');
      await severalTries();
      unlock();
      await failed;
    }));

  if (name.startsWith('Unix')) return; // bind() takes no signal
  test('gives up when it is told to', () =>
    locked(async (path, unlock) => {
      const attempt = bind(path);
      const stopped = expect(attempt.done).rejects.toMatchObject(ended);
      await severalTries();
      attempt.stop();
      await stopped;
      unlock();
      await severalTries();
      expect(existsSync(path)).toBe(false);
      expect(attempt.heard ?? []).toEqual([]);
    }));
});
