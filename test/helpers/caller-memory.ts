// Memory to receive messages into, and the sockets that do.
import { UnixDatagram, UnixSeqpacket } from 'afunix';
import { hasSeqpacket } from './scratch.js';

const OLD = 0xee;
/** Memory in which nothing was received yet. */
export const memoryOf = (length: number): Uint8Array => new Uint8Array(length).fill(OLD);
export const isUntouched = (memory: Uint8Array): boolean => memory.every((byte) => byte === OLD);
export const textOf = (message: { data: Buffer } | null | undefined): string =>
  String(message?.data);

export type Resizable = ArrayBuffer & { resize(length: number): void };
export const resizable = (length: number): Resizable =>
  new (ArrayBuffer as unknown as new (length: number, options: object) => Resizable)(length, {
    maxByteLength: 1 << 16,
  });

export type Pair = [UnixDatagram, UnixDatagram] | [UnixSeqpacket, UnixSeqpacket];
export type Options = Parameters<typeof UnixSeqpacket.pair>[0];
/** Makes connected pairs of each class that keeps messages apart. */
export const kinds: [string, (options?: Options) => Pair][] = [
  ['datagram', (options) => UnixDatagram.pair(options)],
];
if (hasSeqpacket) kinds.push(['seqpacket', (options) => UnixSeqpacket.pair(options)]);

/** Keeps a test's sockets open until it ends. */
export async function withPair(
  make: (options?: Options) => Pair,
  options: Options,
  use: (sender: Pair[0], receiver: Pair[1]) => Promise<void>,
): Promise<void> {
  const [sender, receiver] = make(options);
  try {
    await use(sender, receiver);
  } finally {
    await sender.close();
    await receiver.close();
  }
}
