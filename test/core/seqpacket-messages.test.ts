// Packets stay apart, empty ones are no end, and the end is told once and for all.
import { UnixSeqpacket, UnixSeqpacketListener } from 'afunix';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

test.each([false, true])('empty packets are not the end (credentials: %o)', async (credentials) => {
  const [a, b] = UnixSeqpacket.pair({ credentials });
  for (const data of ['', 'x', '', '']) await a.send(data);
  await a.close();
  const lengths: number[] = [];
  for await (const message of b) lengths.push(message.data.length);
  expect(lengths).toEqual([0, 1, 0, 0]);
  expect([await b.receive(), await b.receive()]).toEqual([null, null]);
  await b.close();
});

test('a packet that was sent before the other side accepted is there', async () => {
  using scratch = new Scratch();
  await using listener = await UnixSeqpacketListener.bind(scratch.path());
  const client = await UnixSeqpacket.connect(scratch.path());
  await client.send('');
  await client.send('early');
  await client.close();
  await using server = await listener.accept();
  expect((await server.receive())?.data.length).toBe(0);
  expect(`${(await server.receive())?.data}`).toBe('early');
  expect(await server.receive()).toBe(null);
});

test('sends that found no room go out in order', async () => {
  const [a, b] = UnixSeqpacket.pair();
  const count = 5000;
  const sends = Promise.all(Array.from({ length: count }, (_, i) => a.send(`${i}`)));
  for (let i = 0; i < count; i += 1) expect(`${(await b.receive())?.data}`).toBe(`${i}`);
  await sends;
  await Promise.all([a.close(), b.close()]);
});

test('the largest packet, and one byte more', async () => {
  const [a, b] = UnixSeqpacket.pair();
  const largest = Buffer.alloc(a.sendBufferSize - 32, 7);
  await a.send(largest);
  const message = await b.receive();
  expect(message?.data.equals(largest)).toBe(true);
  expect([message?.size, message?.truncated]).toEqual([largest.length, false]);
  await expect(a.send(Buffer.alloc(a.sendBufferSize - 31))).rejects.toMatchObject({
    code: 'EMSGSIZE',
    syscall: 'send',
  });
  await Promise.all([a.close(), b.close()]);
});

test('a peer that is gone: EPIPE, and the process lives', async () => {
  const [a, b] = UnixSeqpacket.pair();
  await b.close();
  await expect(a.send('x')).rejects.toMatchObject({ code: 'EPIPE', errno: -32 });
  expect(await a.receive()).toBe(null);
  await a.close();
});

test('leaving a loop early keeps what was received', async () => {
  const [a, b] = UnixSeqpacket.pair();
  for (let i = 0; i < 10; i += 1) await a.send(`${i}`);
  for await (const message of b) if (`${message.data}` === '3') break;
  expect(() => b.detach()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
  const rest: string[] = [];
  for (let i = 4; i < 10; i += 1) rest.push(`${(await b.receive())?.data}`);
  expect(rest).toEqual(['4', '5', '6', '7', '8', '9']);
  const fd = b.detach();
  await using adopted = UnixSeqpacket.fromFd(fd);
  await a.send('to the adopted');
  expect(`${(await adopted.receive())?.data}`).toBe('to the adopted');
  await a.close();
});
