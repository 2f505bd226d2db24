// More descriptors and more connections than anybody wants.
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { features, UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { createServer } from 'afunix/net';
import { expect, test } from 'vitest';
import { attacker, describeWithUsers, outcome } from '../helpers/another-user.js';
import { openDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

function folder(): Scratch {
  const scratch = new Scratch();
  chmodSync(scratch.folder, 0o755);
  return scratch;
}

describeWithUsers('another user', () => {
  test('sends 253 descriptors a message where two are wanted', async () => {
    using scratch = folder();
    const messages = 200;
    await using socket = await UnixDatagram.bind(scratch.path(), { mode: 0o666, maxFds: 2 });
    await using child = attacker('descriptors', [scratch.path(), messages]);
    const before = openDescriptors().size;
    const most = { open: 0, fds: 0 };
    for (let count = 0; count < messages; count++) {
      const { fds, controlTruncated } = await socket.receive();
      most.open = Math.max(most.open, openDescriptors().size);
      most.fds = Math.max(most.fds, fds.length);
      expect(controlTruncated).toBe(true);
      for (const fd of fds) fd.close();
    }
    expect(await outcome(child)).toEqual({ done: messages });
    expect(most.fds).toBe(2);
    expect(most.open - before - 2).toBeOneOf([0, 1]); // 1: the pidfd that Deno waits for the child with
  });

  test('and where none are', async () => {
    using scratch = folder();
    await using socket = await UnixDatagram.bind(scratch.path(), { mode: 0o666 });
    const before = openDescriptors().size;
    let most = 0;
    socket.onMessages((messages) => {
      most = Math.max(most, openDescriptors().size);
      for (const { fds } of messages) expect(fds).toEqual([]);
    });
    await using child = attacker('descriptors', [scratch.path(), 200]);
    const result = await outcome(child);
    // From Linux 6.16 on, the sender is told; before, they are dropped here.
    expect(result).toEqual(features().refuseFds ? { EPERM: 200 } : { done: 200 });
    // The pipes to the child, and the pidfd that Deno waits for it with.
    expect(most).toBeLessThanOrEqual(before + 4);
  });

  test('opens more connections than maxConnections: the rest goes at once', async () => {
    using scratch = folder();
    const server = createServer().listen({ path: scratch.path(), mode: 0o666 });
    server.maxConnections = 5;
    let dropped = 0;
    const all = new Promise<void>((resolve) => {
      server.on('drop', () => ++dropped === 300 - 5 && resolve());
    });
    await once(server, 'listening');
    const before = openDescriptors().size;
    await using child = attacker('connections', [scratch.path(), 300]);
    await all;
    // Those, the pipes to the child, and the pidfd that Bun and Deno wait for it with.
    expect(openDescriptors().size).toBeLessThanOrEqual(before + 5 + 4);
    child.process.stdin?.end();
    await child.succeeds();
    await server[Symbol.asyncDispose]();
  });

  test('opens connections that authorize has not decided on: 256 wait, the rest in the backlog', async () => {
    using scratch = folder();
    let asked = 0;
    const decisions: ((admitted: boolean) => void)[] = [];
    await using listener = await UnixListener.bind(scratch.path(), {
      mode: 0o666,
      authorize: () => {
        asked++;
        return new Promise((resolve) => decisions.push(resolve));
      },
    });
    const turn = () => new Promise(setImmediate);
    const decideAll = (admitted: boolean): void => {
      for (const decide of decisions.splice(0)) decide(admitted);
    };
    const accepted = listener.accept();
    await using child = attacker('connections', [scratch.path(), 600]);
    await child.says('ready');
    // Connected to the backlog, which is accepted in its own time.
    await expect.poll(() => asked).toBe(256);
    child.kill();
    await child.ended;
    for (; listener.refused < 600; await turn()) {
      expect(decisions.length).toBeLessThanOrEqual(256);
      decideAll(false);
    }
    // An honest one gets in.
    await using client = await UnixStream.connect(scratch.path());
    while (decisions.length === 0) await turn();
    decideAll(true);
    await using server = await accepted;
    await server.write('welcome');
    expect((await client.read())?.toString()).toBe('welcome');
    expect(asked).toBe(601);
  });
});
