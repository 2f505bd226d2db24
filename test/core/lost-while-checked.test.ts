// A getter among the arguments takes away memory that was looked at before: an error, and nothing is sent.
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';

const [datagram, datagrams] = UnixDatagram.pair();
const [packet, packets] = UnixSeqpacket.pair();
const [stream, bytes] = UnixStream.pair();

/** Memory, and descriptors whose getter takes it away. */
function robbed(): { data: Uint8Array; rob: () => void; fds: { readonly fd: number }[] } {
  const data = new Uint8Array([1, 2, 3]);
  const rob = (): void => {
    if (data.length > 0) structuredClone(data.buffer, { transfer: [data.buffer] });
  };
  const fds = [
    Object.defineProperty({} as { fd: number }, 'fd', {
      get: () => {
        rob();
        return 1;
      },
    }),
  ];
  return { data, rob, fds };
}

/** A message whose own data takes that of the one before away. */
function robber(rob: () => void): { data: string } {
  return Object.defineProperty({} as { data: string }, 'data', {
    enumerable: true,
    get: () => {
      rob();
      return 'x';
    },
  });
}

const options = (rob: () => void): never =>
  Object.defineProperty({}, 'fds', {
    enumerable: true,
    get: () => {
      rob();
      return undefined;
    },
  }) as never;

test.each<[string, () => unknown]>([
  [
    'UnixDatagram.send, fds',
    () => {
      const { data, fds } = robbed();
      return datagram.send(data, { fds });
    },
  ],
  [
    'UnixSeqpacket.send, fds',
    () => {
      const { data, fds } = robbed();
      return packet.send(data, { fds });
    },
  ],
  [
    'UnixDatagram.trySend',
    () => {
      const { data, rob } = robbed();
      return datagram.trySend(data, options(rob));
    },
  ],
  [
    'UnixSeqpacket.trySend',
    () => {
      const { data, rob } = robbed();
      return packet.trySend(data, options(rob));
    },
  ],
  [
    'sendMany',
    () => {
      const { data, rob } = robbed();
      return datagram.sendMany([data, robber(rob)]);
    },
  ],
  [
    'write of several',
    () => {
      const { data, rob } = robbed();
      const parts = [data, ''];
      Object.defineProperty(parts, 1, {
        get: () => {
          rob();
          return 'x';
        },
      });
      return stream.write(parts);
    },
  ],
  [
    'raw.sendmmsg',
    () => {
      const { data, rob } = robbed();
      return raw.sendmmsg(datagram.fd, [{ data }, robber(rob)]);
    },
  ],
  [
    'raw.sendmsg, rights',
    () => {
      const { data, rob } = robbed();
      const rights = [1];
      Object.defineProperty(rights, 0, {
        get: () => {
          rob();
          return 1;
        },
      });
      return raw.sendmsg(datagram.fd, { data, rights });
    },
  ],
])('%s', async (_, call) => {
  await expect((async () => call())()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  expect([datagrams, packets, bytes].map(({ bytesReadable }) => bytesReadable)).toEqual([0, 0, 0]);
});

test('raw.recvmsg into memory that a later piece takes away: the message stays', () => {
  datagram.trySend('stays');
  const memory = new Uint8Array(8);
  const pieces = [memory, memory];
  Object.defineProperty(pieces, 1, {
    get: () => {
      structuredClone(memory.buffer, { transfer: [memory.buffer] });
      return new Uint8Array(8);
    },
  });
  expect(() => raw.recvmsg(datagrams.fd, pieces)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  expect(datagrams.bytesReadable).toBe(5);
});
