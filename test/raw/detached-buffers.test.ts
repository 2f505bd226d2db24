// A view whose memory was transferred has lost its bytes: an error, not an empty message.
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, receive, thrown } from '../helpers/raw-sockets.js';

checkDescriptors();

const views: [string, () => NodeJS.ArrayBufferView][] = [
  ['Uint8Array', () => new Uint8Array(8)],
  ['part of a buffer', () => new Uint8Array(new ArrayBuffer(8), 2, 4)],
  ['DataView', () => new DataView(new ArrayBuffer(8))],
  ['Uint32Array', () => new Uint32Array(2)],
];

test.each(views)('%s', (_, make) => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const view = make();
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  for (const call of [
    () => raw.send(first, view),
    () => raw.sendmsg(first, { data: view }),
    () => raw.sendmsg(first, { buffers: ['x', view] }),
    () => raw.sendmmsg(first, [{ data: 'x' }, { data: view }]),
    () => raw.recv(second, view),
    () => raw.recvfrom(second, view),
    () => raw.recvmsg(second, view),
    () => raw.recvmsg(second, [view]),
    () => raw.recvmmsg(second, [view]),
    () => raw.getsockopt(second, raw.SOL_SOCKET, raw.SO_TYPE, view),
    () => raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_SNDBUF, view),
  ]) {
    expect(thrown(call)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  }
  expect(thrown(() => receive(second))).toMatchObject({ code: 'EAGAIN' });
});

test('a getter that detaches the data: nothing crashes', () => {
  using fds = new Descriptors();
  const [first] = fds.pair(raw.SOCK_DGRAM);
  const data = new Uint8Array(8);
  const message = {
    data,
    get rights(): number[] {
      structuredClone(data.buffer, { transfer: [data.buffer] });
      return [];
    },
  };
  expect(thrown(() => raw.sendmsg(first, message))).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  });
});

test('memory that grows and shrinks: the view as it is at the call', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void };
  const memory = new Resizable(4, { maxByteLength: 64 });
  const whole = new Uint8Array(memory);
  const ends = [new Uint8Array(memory, 3, 1), new DataView(memory, 3, 1)];
  memory.resize(64);
  expect(raw.send(first, whole)).toBe(64);
  memory.resize(2);
  expect(raw.send(first, whole)).toBe(2);
  for (const end of ends) {
    expect(thrown(() => raw.send(first, end))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  }
  expect(receive(second).length).toBe(64);
});
