// Messages arrive whole up to the largest that the kernel takes, or say that they were cut.
import { platform } from 'node:process';
import { UnixDatagram, UnixSeqpacket } from 'afunix';
import { expect, test } from 'vitest';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const pattern = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => i % 251));

test.runIf(platform === 'linux')('the largest by default; one byte more is EMSGSIZE', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  const largest = sender.sendBufferSize - 32;
  const data = pattern(largest);

  await sender.send(data);
  const message = await receiver.receive();
  expect(message.data.equals(data)).toBe(true);
  expect(message).toMatchObject({ size: largest, truncated: false });

  await expect(sender.send(Buffer.alloc(largest + 1))).rejects.toMatchObject({ code: 'EMSGSIZE' });
  await sender.send('still there');
  expect((await receiver.receive()).data.toString()).toBe('still there');
});

test.runIf(platform === 'linux')('as large as SO_SNDBUF can be made', async () => {
  const [first, second] = UnixDatagram.pair();
  await using sender = first;
  await using receiver = second;
  sender.sendBufferSize = 1_500_000; // The system's limit caps it, and may cap it lower.
  const data = pattern(Math.min(sender.sendBufferSize - 32, 2_900_000));
  await sender.send(data);
  expect((await receiver.receive()).data.equals(data)).toBe(true);
});

test('an empty datagram is a message', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  await using sender = UnixDatagram.unbound();
  for (const data of ['', 'x', new Uint8Array(0)]) await sender.send(data, { to: scratch.path() });

  const sizes: number[] = [];
  for await (const { data, from } of receiver) {
    expect(from.kind).toBe('unnamed');
    if (sizes.push(data.length) === 3) break;
  }
  expect(sizes).toEqual([0, 1, 0]);
});

test('maxMessageSize cuts, and says so; the next message is whole', async () => {
  const [first, second] = UnixDatagram.pair({ maxMessageSize: 4 });
  await using sender = first;
  await using receiver = second;
  await sender.sendMany(['123456', '1234', '']);

  expect(await receiver.receive()).toMatchObject({ size: 6, truncated: true });
  const exact = await receiver.receive();
  expect(exact).toMatchObject({ size: 4, truncated: false });
  expect(exact.data.toString()).toBe('1234');
  expect(await receiver.receive()).toMatchObject({ size: 0, truncated: false });
});

test('maxMessageSize holds with credentials, and for bound and adopted sockets', async () => {
  using scratch = new Scratch();
  const options = { maxMessageSize: 2, ...(platform === 'linux' ? { credentials: true } : {}) };
  await using bound = await UnixDatagram.bind(scratch.path(), options);
  await using sender = UnixDatagram.unbound();
  await sender.send('abc', { to: scratch.path() });
  const message = await bound.receive();
  expect(message.data.toString()).toBe('ab');
  if (platform === 'linux') expect(message.credentials?.pid).toBe(process.pid);

  await using adopted = UnixDatagram.fromFd(bound.detach(), { ...options, maxMessageSize: 1 });
  await sender.send('abc', { to: scratch.path() });
  expect((await adopted.receive()).data.toString()).toBe('a');
});

test.runIf(hasSeqpacket)('seqpacket: maxMessageSize cuts as well', async () => {
  const [first, second] = UnixSeqpacket.pair({ maxMessageSize: 4 });
  await using sender = first;
  await using receiver = second;
  await sender.send('123456');
  expect(await receiver.receive()).toMatchObject({ size: 6, truncated: true });
});

test.each([
  [{ maxMessageSize: 0 }, 'ERR_OUT_OF_RANGE'],
  [{ maxMessageSize: '4' }, 'ERR_INVALID_ARG_TYPE'],
  [{ sendQueueLimit: 5 }, 'ERR_INVALID_ARG_TYPE'],
  [{ sendQueueLimit: { bytes: -1 } }, 'ERR_OUT_OF_RANGE'],
  [{ sendQueueLimit: { messages: 1.5 } }, 'ERR_OUT_OF_RANGE'],
  [{ reconnect: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
  [{ onConnectionChange: true }, 'ERR_INVALID_ARG_TYPE'],
])('wrong options: %j', (options, code) => {
  expect(() => UnixDatagram.unbound(options as never)).toThrow(expect.objectContaining({ code }));
});
