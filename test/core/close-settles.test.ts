// `close()` settles everything that waits, ends iterators, and the descriptor is gone when it resolves.
import { readlinkSync } from 'node:fs';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

const closed = { code: 'ERR_SOCKET_CLOSED' };
const chunk = Buffer.alloc(1 << 20);

interface Closable {
  readonly fd: number;
  readonly closed: boolean;
  close(): Promise<void>;
}

async function expectGone(socket: Closable): Promise<void> {
  const link = readlinkSync(`/proc/self/fd/${socket.fd}`);
  const { fd } = socket;
  const first = socket.close();
  expect(socket.closed).toBe(true);
  await first;
  await socket.close();
  expect(socket.fd).toBe(-1);
  let now: string | undefined;
  try {
    now = readlinkSync(`/proc/self/fd/${fd}`);
  } catch {}
  expect(now).not.toBe(link);
}

test('stream: reads, receives, writes', async () => {
  const [a, b] = UnixStream.pair();
  const pending = [a.read(), a.receive(), a.read(Buffer.alloc(1)), a.write(chunk), a.write('x')];
  const failed = pending.map((operation) => expect(operation).rejects.toMatchObject(closed));
  await expectGone(a);
  await Promise.all(failed);
  for (const call of [() => a.read(), () => a.write('x'), () => a.receive()]) {
    await expect(call()).rejects.toMatchObject(closed);
  }
  expect(() => a.shutdown('write')).toThrow(expect.objectContaining(closed));
  expect(() => a.peerCredentials()).toThrow(expect.objectContaining(closed));
  expect([a.localAddress, a.peerAddress]).toEqual([null, null]);
  await b.close();
});

test('seqpacket: receives and sends', async () => {
  const [a, b] = UnixSeqpacket.pair();
  const sends = Array.from({ length: 400 }, () => a.send('x'));
  const receiving = a.receive();
  const failed = [sends.at(-1), receiving].map((operation) =>
    expect(operation).rejects.toMatchObject(closed),
  );
  for (const send of sends) send.catch(() => {});
  await expectGone(a);
  await Promise.all(failed);
  await b.close();
});

test('datagram: receives and sends, to the peer and to others', async () => {
  using scratch = new Scratch();
  await using full = await UnixDatagram.bind(scratch.path());
  const [a, b] = UnixDatagram.pair();
  const other = UnixDatagram.unbound();
  const toPeer = Array.from({ length: 400 }, () => a.send('x'));
  const toOther = Array.from({ length: 400 }, () => other.send('x', { to: scratch.path() }));
  for (const send of [...toPeer, ...toOther]) send.catch(() => {});
  const failed = [toPeer.at(-1), toOther.at(-1), b.receive().then(() => b.receive())];
  b.onMessages(null);
  const checks = failed.slice(0, 2).map((send) => expect(send).rejects.toMatchObject(closed));
  failed[2]?.catch(() => {});
  await expectGone(a);
  await expectGone(other);
  await Promise.all(checks);
  await b.close();
  expect(full.closed).toBe(false);
});

describe.each([UnixListener, UnixSeqpacketListener])('%o', (Listener) => {
  test('accepts', async () => {
    using scratch = new Scratch();
    const listener = await Listener.bind(scratch.path());
    const failed = [listener.accept(), listener.accept()].map((accept) =>
      expect(accept).rejects.toMatchObject(closed),
    );
    await expectGone(listener);
    await Promise.all(failed);
  });
});

test('iterators end', async () => {
  using scratch = new Scratch();
  const listener = await UnixListener.bind(scratch.path());
  const [stream, otherStream] = UnixStream.pair();
  const [packets, otherPackets] = UnixSeqpacket.pair();
  const datagrams = await UnixDatagram.bind();
  const sockets = [listener, stream, packets, datagrams];
  const ends = sockets.map(async (socket) => {
    let count = 0;
    for await (const _ of socket as AsyncIterable<unknown>) count += 1;
    return count;
  });
  await new Promise(setImmediate);
  for (const socket of sockets) await socket.close();
  expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
  await Promise.all([otherStream.close(), otherPackets.close()]);
});

test('`await using` closes at the end of the scope', async () => {
  let kept: UnixDatagram;
  {
    await using socket = await UnixDatagram.bind();
    kept = socket;
  }
  expect(kept.closed).toBe(true);
});

test('a close inside the very callback that reads', async () => {
  const [a, b] = UnixDatagram.pair();
  const seen = await new Promise<number>((resolve) => {
    a.onMessages((messages) => {
      void a.close();
      resolve(messages.length);
    });
    void b.sendMany(['one', 'two', 'three']);
  });
  expect(seen).toBe(3);
  expect(a.closed).toBe(true);
  await b.close();
});
