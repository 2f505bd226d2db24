// Small messages are sent from memory that all of them share.
import { UnixDatagram, UnixSeqpacket } from 'afunix';
import { describe, expect, it } from 'vitest';
import { hasSeqpacket } from '../helpers/scratch.js';

const pairs = [
  ['UnixDatagram', () => UnixDatagram.pair()],
  ['UnixSeqpacket', () => UnixSeqpacket.pair()],
] as const;

describe.each(hasSeqpacket ? pairs : pairs.slice(0, 1))('small messages of %s', (_, pair) => {
  it('are what was given, of each size around the limit', async () => {
    const [here, there] = pair();
    for (let size = 1; size <= 70; size++) {
      const data = Uint8Array.from({ length: size }, (_value, index) => size + index);
      await here.send(data);
      expect(Buffer.compare((await there.receive())?.data ?? Buffer.alloc(0), data)).toBe(0);
    }
    await Promise.all([here.close(), there.close()]);
  });

  it('have no bytes of an earlier one, whatever their `length` says', async () => {
    const [here, there] = pair();
    await here.send(new Uint8Array(64).fill(255));
    await there.receive();
    for (const length of [0.5, 2, 64, 1e9]) {
      const data = Object.defineProperty(Uint8Array.of(1, 2, 3), 'length', { value: length });
      await here.send(data);
      expect([...((await there.receive())?.data ?? [])]).toEqual([1, 2, 3]);
    }
    await Promise.all([here.close(), there.close()]);
  });

  it('may be part of a larger array, or of shared memory', async () => {
    const [here, there] = pair();
    const shared = new Uint8Array(new SharedArrayBuffer(200)).fill(7);
    for (const data of [new Uint8Array(200).fill(7).subarray(100, 130), shared.subarray(9, 39)]) {
      await here.send(data);
      expect((await there.receive())?.data).toEqual(Buffer.alloc(30, 7));
    }
    await Promise.all([here.close(), there.close()]);
  });
});
