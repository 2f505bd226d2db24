// Wrong arguments are refused with Node's codes, before any system call; nothing is lost by them.
import { FileDescriptor, UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { afterAll, describe, expect, test } from 'vitest';
import { throws, unprintable } from '../helpers/hostile-values.js';

const [stream, streamPeer] = UnixStream.pair();
const [packet, packetPeer] = UnixSeqpacket.pair();
const [datagram, datagramPeer] = UnixDatagram.pair();
const bad = <T>(value: unknown): T => value as T;

afterAll(async () => {
  for (const socket of [stream, streamPeer, packet, packetPeer, datagram, datagramPeer]) {
    await socket.close();
  }
});

const detached = (): Uint8Array => {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
};
const aborted = AbortSignal.abort();
const many = Array.from({ length: 254 }, () => 0);

test.each<[string, () => Promise<unknown>, string]>([
  ['write: a number', () => stream.write(bad(7)), 'ERR_INVALID_ARG_TYPE'],
  ['write: undefined', () => stream.write(bad(undefined)), 'ERR_INVALID_ARG_TYPE'],
  ['write: an array with null', () => stream.write(bad(['a', null])), 'ERR_INVALID_ARG_TYPE'],
  ['write: a detached view', () => stream.write(detached()), 'ERR_INVALID_ARG_VALUE'],
  ['write: options', () => stream.write('x', bad(7)), 'ERR_INVALID_ARG_TYPE'],
  ['write: a signal', () => stream.write('x', { signal: bad({}) }), 'ERR_INVALID_ARG_TYPE'],
  ['write: fds', () => stream.write('x', { fds: bad('0') }), 'ERR_INVALID_ARG_TYPE'],
  ['write: 254 fds', () => stream.write('x', { fds: many }), 'ERR_OUT_OF_RANGE'],
  ['write: a negative fd', () => stream.write('x', { fds: [-1] }), 'ERR_OUT_OF_RANGE'],
  ['write: an fd of 1.5', () => stream.write('x', { fds: [1.5] }), 'ERR_OUT_OF_RANGE'],
  [
    'write: an object without fd',
    () => stream.write('x', { fds: bad([{}]) }),
    'ERR_INVALID_ARG_TYPE',
  ],
  ['write: fds with no byte', () => stream.write('', { fds: [0] }), 'ERR_INVALID_ARG_VALUE'],
  ['read: a string', () => stream.read(bad('x')), 'ERR_INVALID_ARG_TYPE'],
  ['read: a detached view', () => stream.read(detached()), 'ERR_INVALID_ARG_VALUE'],
  ['read: aborted before', () => stream.read(null, { signal: aborted }), 'ABORT_ERR'],
  ['seqpacket send: an object', () => packet.send(bad({})), 'ERR_INVALID_ARG_TYPE'],
  ['seqpacket send: detached', () => packet.send(detached()), 'ERR_INVALID_ARG_VALUE'],
  ['seqpacket send: 254 fds', () => packet.send('x', { fds: many }), 'ERR_OUT_OF_RANGE'],
  ['seqpacket receive: aborted before', () => packet.receive({ signal: aborted }), 'ABORT_ERR'],
  ['datagram send: a symbol', () => datagram.send(bad(Symbol('x'))), 'ERR_INVALID_ARG_TYPE'],
  ['datagram send: to', () => datagram.send('x', { to: bad(7) }), 'ERR_INVALID_ARG_TYPE'],
  ['datagram send: empty to', () => datagram.send('x', { to: '' }), 'ERR_INVALID_ARG_VALUE'],
  ['datagram send: NUL in to', () => datagram.send('x', { to: '/a\0b' }), 'ERR_INVALID_ARG_VALUE'],
  ['datagram sendMany: a string', () => datagram.sendMany(bad('x')), 'ERR_INVALID_ARG_TYPE'],
  ['datagram sendMany: [1]', () => datagram.sendMany(bad(['a', 1])), 'ERR_INVALID_ARG_TYPE'],
  ['bind: a number', () => UnixDatagram.bind(bad(7)), 'ERR_INVALID_ARG_TYPE'],
  ['bind: mode', () => UnixListener.bind('/x', { mode: 0o10000 }), 'ERR_OUT_OF_RANGE'],
  ['bind: mode text', () => UnixListener.bind('/x', { mode: bad('660') }), 'ERR_INVALID_ARG_TYPE'],
  [
    'bind: replace',
    () => UnixListener.bind('/x', { replace: bad('yes') }),
    'ERR_INVALID_ARG_VALUE',
  ],
  ['bind: backlog', () => UnixListener.bind('/x', { backlog: -1 }), 'ERR_OUT_OF_RANGE'],
  ['bind: maxFds', () => UnixListener.bind('/x', { maxFds: 254 }), 'ERR_OUT_OF_RANGE'],
  ['bind: busyPoll', () => UnixListener.bind('/x', { busyPoll: -1 }), 'ERR_OUT_OF_RANGE'],
  [
    'bind: busyPoll, text',
    () => UnixListener.bind('/x', { busyPoll: bad('1') }),
    'ERR_INVALID_ARG_TYPE',
  ],
  [
    'bind: unlink',
    () => UnixListener.bind('/x', { unlinkOnClose: bad(1) }),
    'ERR_INVALID_ARG_TYPE',
  ],
  ['connect: null', () => UnixStream.connect(bad(null)), 'ERR_INVALID_ARG_TYPE'],
  ['connect: timeout', () => UnixStream.connect('/x', { timeout: -1 }), 'ERR_OUT_OF_RANGE'],
  ['connect: aborted', () => UnixStream.connect('/x', { signal: aborted }), 'ABORT_ERR'],
])('%s', async (_, call, code) => {
  await expect(call()).rejects.toMatchObject({ code });
});

test.each<[string, () => unknown, string]>([
  ['shutdown', () => stream.shutdown(bad('up')), 'ERR_INVALID_ARG_VALUE'],
  ['trySend', () => datagram.trySend(bad(1)), 'ERR_INVALID_ARG_TYPE'],
  ['connect', () => datagram.connect(bad(undefined)), 'ERR_INVALID_ARG_TYPE'],
  ['onMessages', () => datagram.onMessages(bad('x')), 'ERR_INVALID_ARG_TYPE'],
  ['getOption', () => stream.getOption(1, bad('x')), 'ERR_INVALID_ARG_TYPE'],
  ['setOption', () => stream.setOption(1, 2 ** 31, 1), 'ERR_OUT_OF_RANGE'],
  ['sendBufferSize', () => Object.assign(stream, { sendBufferSize: -1 }), 'ERR_OUT_OF_RANGE'],
  ['fromFd text', () => UnixStream.fromFd(bad('3')), 'ERR_INVALID_ARG_TYPE'],
  ['fromFd of a closed number', () => UnixStream.fromFd(1_000_000), 'EBADF'],
  ['FileDescriptor of nothing', () => new FileDescriptor(1_000_000), 'EBADF'],
  ['FileDescriptor of a string', () => new FileDescriptor(bad('0')), 'ERR_INVALID_ARG_TYPE'],
])('%s', (_, call, code) => {
  expect(call).toThrow(expect.objectContaining({ code }));
});

const named = (name: unknown): object => ({ constructor: { name } });

test.each<[string, unknown]>([
  ...unprintable,
  [
    'a class whose name throws',
    { constructor: Object.defineProperty({}, 'name', { get: throws(1) }) },
  ],
  ['a class whose name is a symbol', named(Symbol('name'))],
  ['a class whose name is an object', named(Object.create(null))],
  ['a function that toString cannot print', Object.assign(() => 0, { toString: throws(1) })],
  ['a symbol', Symbol('x')],
])('%s is refused as anything else is', async (_, value) => {
  const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  await expect(UnixStream.connect(bad(value))).rejects.toMatchObject(type);
  await expect(datagram.send('x', { to: bad(value) })).rejects.toMatchObject(type);
  await expect(UnixStream.connect('/x', { maxFds: bad(value) })).rejects.toMatchObject(type);
  expect(() => stream.getOption(1, bad(value))).toThrow(expect.objectContaining(type));
  await expect(UnixListener.bind('/x', { replace: bad(value) })).rejects.toMatchObject({
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_VALUE',
  });
});

describe('afterwards', () => {
  test('every socket works as before', async () => {
    await stream.write('stream');
    await packet.send('packet');
    await datagram.send('datagram');
    expect(`${await streamPeer.read()}`).toBe('stream');
    expect(`${(await packetPeer.receive())?.data}`).toBe('packet');
    expect(`${(await datagramPeer.receive()).data}`).toBe('datagram');
  });
});
