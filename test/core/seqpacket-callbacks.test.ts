// The fast way of UnixSeqpacket: messages to a callback, sends that never wait.
import { setImmediate as turn } from 'node:timers/promises';
import { UnixSeqpacket } from 'afunix';
import { expect, test } from 'vitest';
import { hasSeqpacket } from '../helpers/scratch.js';

/** Messages as text, and the promise of the end. */
function collect(socket: UnixSeqpacket) {
  const texts: string[] = [];
  const ended = new Promise<void>((resolve) => {
    socket.onMessages(
      (messages) =>
        texts.push(...messages.map(({ data, fds }) => `${data}${'#'.repeat(fds.length)}`)),
      { onEnd: resolve },
    );
  });
  return { texts, ended };
}

test.runIf(hasSeqpacket)('onMessages: empty messages, descriptors and the end', async () => {
  const [first, second] = UnixSeqpacket.pair({ maxFds: 2 });
  await using sender = first;
  await using receiver = second;
  const { texts, ended } = collect(receiver);
  for (const text of ['one', '', 'two']) expect(sender.trySend(text)).toBe(true);
  expect(sender.trySend('with', { fds: [0, 1] })).toBe(true);
  await expect(receiver.receive()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  await sender.close();
  await ended;
  expect(texts).toEqual(['one', '', 'two', 'with##']);
  // The end has been told, and stays.
  expect(await receiver.receive()).toBeNull();
});

test.runIf(hasSeqpacket)(
  'onMessages after the end tells of it again; null takes the callback back',
  async () => {
    const [first, second] = UnixSeqpacket.pair();
    await using receiver = second;
    receiver.onMessages(() => expect.unreachable());
    receiver.onMessages(null);
    await first.send('for receive');
    expect(String((await receiver.receive())?.data)).toBe('for receive');
    await first.close();
    expect(await receiver.receive()).toBeNull();
    await collect(receiver).ended;
  },
);

test.runIf(hasSeqpacket)('onEnd alone settles what waits, and is called once', async () => {
  const [first, second] = UnixSeqpacket.pair();
  await using receiver = second;
  let ends = 0;
  const waiting = receiver.receive();
  receiver.onMessages(() => expect.unreachable(), { onEnd: () => ends++ });
  await first.close();
  expect(await waiting).toBeNull();
  for (let i = 0; i < 10; i++) await turn();
  expect(ends).toBe(1);
});

test.runIf(hasSeqpacket)(
  'trySend: false when full and behind what waits, then in order',
  async () => {
    const [first, second] = UnixSeqpacket.pair();
    await using sender = first;
    await using receiver = second;
    let sent = 0;
    while (sender.trySend(String(sent))) sent++;
    expect(sent).toBeGreaterThan(10);
    const queued = sender.send('queued');
    expect(String((await receiver.receive())?.data)).toBe('0');
    // There is room, but not before the one that waits.
    expect(sender.trySend('too early')).toBe(false);
    for (let i = 1; i < sent; i++) expect(String((await receiver.receive())?.data)).toBe(String(i));
    expect(String((await receiver.receive())?.data)).toBe('queued');
    await queued;
    expect(sender.trySend('again')).toBe(true);
  },
);

test.runIf(hasSeqpacket)(
  'trySend throws what send rejects with; onMessages refuses wrong options',
  async () => {
    const [first, second] = UnixSeqpacket.pair();
    await using sender = first;
    expect(() => sender.trySend(1 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    for (const wrong of [{ onEnd: 1 }, { onError: 1 }, { reuse: 1 }]) {
      expect(() => sender.onMessages(() => {}, wrong as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
    await second.close();
    expect(() => sender.trySend('nobody')).toThrow(expect.objectContaining({ code: 'EPIPE' }));
    await sender.close();
    expect(() => sender.trySend('closed')).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }),
    );
  },
);
