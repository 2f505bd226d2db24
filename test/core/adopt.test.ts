// `fromFd` takes over what is of its class, and leaves everything else with its owner.
import { openSync } from 'node:fs';
import {
  FileDescriptor,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

const classes = { UnixStream, UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixDatagram };

test('each class refuses what is another’s, and does not close it', async () => {
  using scratch = new Scratch();
  const [stream, otherStream] = UnixStream.pair();
  const [packet, otherPacket] = UnixSeqpacket.pair();
  const [datagram, otherDatagram] = UnixDatagram.pair();
  const sockets = {
    UnixStream: stream,
    UnixListener: await UnixListener.bind(scratch.path('a')),
    UnixSeqpacket: packet,
    UnixSeqpacketListener: await UnixSeqpacketListener.bind(scratch.path('b')),
    UnixDatagram: datagram,
  };
  for (const [name, Class] of Object.entries(classes)) {
    for (const [other, socket] of Object.entries(sockets)) {
      if (name === other) continue;
      expect(() => Class.fromFd(socket.fd)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
      expect(raw.getsockopt(socket.fd, raw.SOL_SOCKET, raw.SO_ERROR)).toBe(0);
    }
  }
  for (const [name, Class] of Object.entries(classes)) {
    const fd = sockets[name as keyof typeof sockets].detach();
    const adopted = Class.fromFd(fd);
    expect([fd.closed, adopted.closed, adopted.constructor.name]).toEqual([true, false, name]);
    await adopted.close();
  }
  for (const socket of [otherStream, otherPacket, otherDatagram]) await socket.close();
});

test('no socket: ENOTSOCK; no Unix socket: refused; ownership stays', () => {
  using file = new FileDescriptor(openSync('/dev/null', 'r'));
  expect(() => UnixStream.fromFd(file)).toThrow(expect.objectContaining({ code: 'ENOTSOCK' }));
  const AF_INET = 2;
  using inet = new FileDescriptor(raw.socket(AF_INET, raw.SOCK_STREAM));
  expect(() => UnixStream.fromFd(inet)).toThrow(
    expect.objectContaining({ code: expect.any(String) }),
  );
  expect([file.closed, inet.closed]).toEqual([false, false]);
});

test('a blocking, inheritable descriptor becomes neither', async () => {
  const options = { blocking: true, inheritable: true };
  const [a, b] = raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM, 0, options);
  await using stream = UnixStream.fromFd(a);
  await using peer = UnixStream.fromFd(new FileDescriptor(b));
  const pending = stream.read(); // would block the process
  await peer.write('woken');
  expect(`${await pending}`).toBe('woken');
});

test('detach hands the descriptor on, open, and closes the socket', async () => {
  const [a, b] = UnixStream.pair();
  const reading = expect(a.read()).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
  using fd = a.detach();
  await reading;
  expect([a.closed, a.fd, fd.kind]).toEqual([true, -1, 'socket']);
  expect(() => a.detach()).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
  await using again = UnixStream.fromFd(fd);
  await b.write('after');
  expect(`${await again.read()}`).toBe('after');
  await b.close();
});
