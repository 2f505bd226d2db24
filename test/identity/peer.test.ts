// Who is at the other end.
import { getegid, geteuid, getgroups, pid } from 'node:process';
import {
  features,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { describeTypes } from '../helpers/pairs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

checkDescriptors();
const us = { pid, uid: geteuid?.(), gid: getegid?.() };

describeTypes((type) => {
  test('of a pair: this process', async () => {
    await using pair = type.pair();
    for (const socket of pair.sockets) {
      expect(socket.peerCredentials()).toEqual(us);
      if (features().peerGroups) {
        expect(getgroups?.()).toEqual(expect.arrayContaining(socket.peerGroups() as number[]));
      }
      if (features().peerPidFd) {
        using pidfd = socket.peerPidFd();
        expect(pidfd?.kind).toBe('anonymous');
      }
      if (!features().peerSecurityLabel) expect(socket.peerSecurityLabel()).toBe(null);
    }
  });

  test('closed: ERR_SOCKET_CLOSED', async () => {
    const pair = type.pair();
    await pair[Symbol.asyncDispose]();
    for (const call of [
      () => pair.first.socket.peerCredentials(),
      () => pair.first.socket.peerGroups(),
      () => pair.first.socket.peerPidFd(),
      () => pair.first.socket.peerSecurityLabel(),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
    }
  });
});

test('of a connection: both ends know the other', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using client = await UnixStream.connect(scratch.path());
  await using server = await listener.accept();
  expect(client.peerCredentials()).toEqual(us);
  expect(server.peerCredentials()).toEqual(us);
});

test.runIf(hasSeqpacket)('of a seqpacket connection', async () => {
  using scratch = new Scratch();
  await using listener = await UnixSeqpacketListener.bind(scratch.path());
  await using client = await UnixSeqpacket.connect(scratch.path());
  await using server = await listener.accept();
  expect(client.peerCredentials()).toEqual(us);
  expect(server.peerCredentials()).toEqual(us);
});

test('no peer: null', async () => {
  using scratch = new Scratch();
  await using bound = await UnixDatagram.bind(scratch.path());
  await using connected = UnixDatagram.unbound();
  connected.connect(scratch.path());
  for (const socket of [bound, connected]) {
    expect(socket.peerCredentials()).toBe(null);
    if (features().peerGroups) expect(socket.peerGroups()).toBe(null);
    if (features().peerPidFd) expect(socket.peerPidFd()).toBe(null);
    expect(socket.peerSecurityLabel()).toBe(null);
  }
});

test.runIf(features().cookie)('a cookie that no other socket has', async () => {
  const [first, second] = UnixStream.pair();
  expect(typeof first.cookie).toBe('bigint');
  expect(first.cookie).toBe(first.cookie);
  expect(first.cookie).not.toBe(second.cookie);
  await first.close();
  await second.close();
});
