// Whose a datagram is, whoever sent the one before.
import { type Datagram, UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test.each([10, 5000])('senders by turns, messages of %i bytes', async (size) => {
  using scratch = new Scratch();
  const to = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(to);
  await using one = await UnixDatagram.bind(scratch.path('one'));
  await using other = await UnixDatagram.bind(scratch.path('other'));
  await using nobody = UnixDatagram.unbound();
  const order = [one, one, nobody, one, other, other, one, nobody];
  const senders = order.map((socket) => String(socket.localAddress ?? ''));
  const data = Buffer.alloc(size);

  for (const [index, socket] of order.entries()) {
    await socket.send(data, { to });
    expect(String((await receiver.receive()).from)).toBe(senders[index]);
  }
  for (const socket of order) await socket.send(data, { to });
  const together = await new Promise<Datagram[]>((resolve) => {
    receiver.onMessages(resolve);
  });
  expect(together.map(({ from }) => String(from))).toEqual(senders);
});

test('an address is not changed by the next sender, nor by who writes to its bytes', async () => {
  using scratch = new Scratch();
  const to = scratch.path('receiver');
  await using receiver = await UnixDatagram.bind(to);
  const paths = ['one', 'two', 'one', 'two'].map((name) => scratch.path(name));
  const senders = [];
  for (const path of paths) {
    await using sender = await UnixDatagram.bind(path);
    await sender.send('x', { to });
    await sender.send('x', { to });
    for (let i = 0; i < 2; i++) senders.push(await receiver.receive());
    senders.at(-1)?.from.bytes.fill(0);
  }
  expect(senders.map(({ from }) => from.path)).toEqual(paths.flatMap((path) => [path, path]));
});
