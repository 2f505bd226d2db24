// A peer of another user: known as such, and kept out. Needs root, to start it.
import { chmodSync } from 'node:fs';
import { UnixDatagram, UnixListener } from 'afunix';
import { expect, test } from 'vitest';
import { fixtureAs, nobody } from '../helpers/another-user.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

test.runIf(onLinux && process.geteuid?.() === 0).each([
  ['is let in', true],
  ['is kept out', false],
])('another user %s', async (_, admitted) => {
  using scratch = new Scratch();
  chmodSync(scratch.folder, 0o755);
  const uids: number[] = [];
  await using listener = await UnixListener.bind(scratch.path('stream'), {
    mode: 0o666,
    authorize: ({ uid }) => {
      uids.push(uid);
      return admitted ? uid === nobody.uid : uid === 0;
    },
  });
  await using datagrams = await UnixDatagram.bind(scratch.path('datagram'), {
    mode: 0o666,
    credentials: true,
  });
  const paths = [scratch.path('stream'), scratch.path('datagram')];
  await using child = fixtureAs(nobody, 'as-another-user.mjs', paths);
  const accepted = listener.accept();
  if (admitted) {
    await using socket = await accepted;
    expect(socket.peerCredentials()).toEqual({ pid: child.pid, ...nobody });
    await socket.write('welcome');
    await socket.close();
  }
  const message = await datagrams.receive();
  expect(message.credentials).toEqual({ pid: child.pid, ...nobody });
  expect(JSON.parse(await child.succeeds())).toEqual({
    read: admitted ? 'welcome' : null,
    forged: 'EPERM',
    pid: child.pid,
  });
  expect(uids).toEqual([nobody.uid]);
  expect(listener.refused).toBe(admitted ? 0 : 1);
  await listener.close();
  await accepted.catch(() => {});
});
