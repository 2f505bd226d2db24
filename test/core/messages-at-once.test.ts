// Messages that are taken without waiting, sent from several buffers, and connections that are shut in one direction.
import { openSync } from 'node:fs';
import { FileDescriptor, UnixDatagram, UnixSeqpacket, UnixSeqpacketListener } from 'afunix';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

checkDescriptors();

type Pair = [UnixDatagram, UnixDatagram] | [UnixSeqpacket, UnixSeqpacket];
const kinds: [string, () => Pair][] = [['UnixDatagram', () => UnixDatagram.pair({ maxFds: 1 })]];
if (hasSeqpacket) kinds.push(['UnixSeqpacket', () => UnixSeqpacket.pair({ maxFds: 1 })]);

describe.each(kinds)('%s', (_, pair) => {
  test('tryReceive() takes what is there', async () => {
    const [near, far] = pair();
    expect(far.tryReceive()).toBe(undefined);
    using file = new FileDescriptor(openSync('/dev/null', 'r'));
    await near.send('one', { fds: [file] });
    await near.send('');
    const peeked = far.tryReceive({ peek: true });
    const message = far.tryReceive();
    for (const each of [peeked, message]) {
      expect([each?.data.toString(), each?.fds.length]).toEqual(['one', 1]);
      each?.fds[0]?.close();
    }
    expect(far.tryReceive()?.size).toBe(0);
    expect(far.tryReceive()).toBe(undefined);
    await near.close();
    await far.close();
    expect(() => far.tryReceive()).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
  });

  test('tryReceive() passes nobody who waits', async () => {
    const [near, far] = pair();
    const waiting = far.receive();
    await near.send('one');
    expect(far.tryReceive()).toBe(undefined);
    expect((await waiting)?.data.toString()).toBe('one');
    far.onMessages(() => {});
    expect(() => far.tryReceive()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    far.onMessages(null);
    expect(() => far.tryReceive({ batch: 1 } as never)).toThrow('not an option');
    await near.close();
    await far.close();
  });

  test('tryReceive() gets what an iteration received and left', async () => {
    const [near, far] = pair();
    for (const text of ['one', 'two', 'three']) await near.send(text);
    for await (const { data } of far) {
      expect(data.toString()).toBe('one');
      break;
    }
    expect([far.tryReceive(), far.tryReceive()].map((each) => `${each?.data}`)).toEqual([
      'two',
      'three',
    ]);
    await near.close();
    await far.close();
  });

  test('several buffers are one message', async () => {
    const [near, far] = pair();
    const parts = ['a', Buffer.from('bc'), new Uint16Array([0x6464]), ''];
    await near.send(parts);
    expect(near.trySend(parts)).toBe(true);
    await near.send([]);
    const texts = [far.tryReceive(), far.tryReceive(), far.tryReceive()];
    expect(texts.map((each) => each?.data.toString())).toEqual(['abcdd', 'abcdd', '']);
    await expect(near.send(['a', 1] as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringContaining('data[1]'),
    });
    if (near instanceof UnixDatagram) {
      await near.sendMany([{ data: ['x', 'y'] }]);
      expect(far.tryReceive()?.data.toString()).toBe('xy');
    }
    await near.close();
    await far.close();
  });
});

describe.runIf(hasSeqpacket)('shutdown() of a UnixSeqpacket', () => {
  test("'write' ends what the peer receives, once the queue is empty", async () => {
    const [near, far] = UnixSeqpacket.pair();
    while (near.trySend('x'.repeat(10_000)));
    const queued = near.send('last');
    near.shutdown('write');
    await expect(near.send('x')).rejects.toMatchObject({ code: 'EPIPE' });
    expect(() => near.trySend('x')).toThrow(expect.objectContaining({ code: 'EPIPE' }));
    let last: string | undefined;
    for await (const { data } of far) last = data.toString();
    await queued;
    expect(last).toBe('last');
    expect([await far.receive(), far.tryReceive()]).toEqual([null, null]);
    await far.send('answer');
    expect((await near.receive())?.data.toString()).toBe('answer');
    await near.close();
    await far.close();
  });

  test("'read' makes the peer's sends fail", async () => {
    const [near, far] = UnixSeqpacket.pair();
    near.shutdown('read');
    await expect(far.send('x')).rejects.toMatchObject({ code: 'EPIPE' });
    await near.send('x');
    expect((await far.receive())?.data.toString()).toBe('x');
    await near.close();
    await far.close();
  });

  test("'both', wrong arguments, and a closed one", async () => {
    const [near, far] = UnixSeqpacket.pair();
    expect(() => near.shutdown('all' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    near.shutdown('both');
    expect(await far.receive()).toBe(null);
    await expect(far.send('x')).rejects.toMatchObject({ code: 'EPIPE' });
    await near.close();
    expect(() => near.shutdown('read')).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }),
    );
    await far.close();
  });

  test('connections of a listener have its maxMessageSize', async () => {
    using scratch = new Scratch();
    await using listener = await UnixSeqpacketListener.bind(scratch.path(), { maxMessageSize: 3 });
    await using client = await UnixSeqpacket.connect(scratch.path());
    await using server = await listener.accept();
    await client.send('abcdef');
    const { data, size, truncated } = (await server.receive()) ?? {};
    expect([data?.toString(), size, truncated]).toEqual(['abc', 6, true]);
  });
});
