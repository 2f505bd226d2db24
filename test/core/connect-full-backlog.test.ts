// A full backlog is waited out: EAGAIN is not the user's, and no connection is lost.
import { UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

describe.each([
  ['stream', UnixListener, UnixStream],
  ['seqpacket', UnixSeqpacketListener, UnixSeqpacket],
] as const)('%s', (_, Listener, Socket) => {
  test('connects when there is room again', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path(), { backlog: 0 });
    const connecting = Array.from({ length: 8 }, () => Socket.connect(scratch.path()));
    const accepted = [];
    for (let i = 0; i < 8; i += 1) accepted.push(await listener.accept());
    const connected = await Promise.all(connecting);
    for (const socket of [...accepted, ...connected]) await socket.close();
    expect(connected.length).toBe(8);
  });

  test('gives up when its signal says so', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path(), { backlog: 0 });
    await using first = await Socket.connect(scratch.path());
    const reason = new Error('enough');
    const controller = new AbortController();
    const connecting = Socket.connect(scratch.path(), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 30);
    await expect(connecting).rejects.toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: reason,
    });
    expect(first.closed || listener.closed).toBe(false);
  });

  test('gives up when it is aborted while it binds to an address of its own', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path(), { backlog: 0 });
    await using first = await Socket.connect(scratch.path());
    const controller = new AbortController();
    const connecting = Socket.connect(scratch.path(), {
      signal: controller.signal,
      localAddress: scratch.path('own'),
      timeout: 1000,
    });
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(first.closed || listener.closed).toBe(false);
  });

  test('gives up after its timeout', async () => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path(), { backlog: 0 });
    await using first = await Socket.connect(scratch.path());
    await expect(Socket.connect(scratch.path(), { timeout: 30 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      syscall: 'connect',
      address: scratch.path(),
    });
    expect(first.closed || listener.closed).toBe(false);
  });

  test('fails when the listener goes away meanwhile', async () => {
    using scratch = new Scratch();
    const listener = await Listener.bind(scratch.path(), { backlog: 0, unlinkOnClose: false });
    await using first = await Socket.connect(scratch.path());
    const connecting = Socket.connect(scratch.path());
    const failed = expect(connecting).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await listener.close();
    await failed;
    expect(first.closed).toBe(false);
  });
});
