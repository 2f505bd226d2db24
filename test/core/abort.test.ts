// A signal ends a wait with an AbortError that has its reason as cause, and nothing is lost.
import { UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

/** Runs `call` with a signal, aborts it, and expects the error. */
async function expectAbort(
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  const result = call(controller.signal).then(
    () => ({}),
    (error: Record<string, unknown>) => error,
  );
  await new Promise(setImmediate);
  controller.abort(reason);
  const error = await result;
  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason });
  return error;
}

test('read: the bytes that come later go to the next read', async () => {
  const [a, b] = UnixStream.pair();
  await expectAbort((signal) => a.read(null, { signal }));
  await expectAbort((signal) => a.read(Buffer.alloc(4), { signal }));
  const next = a.read();
  await b.write('later');
  expect(`${await next}`).toBe('later');
  await Promise.all([a.close(), b.close()]);
});

test('read: the one behind an aborted one gets the bytes, into its own buffer', async () => {
  const [a, b] = UnixStream.pair();
  const controller = new AbortController();
  const first = a.read(null, { signal: controller.signal });
  const mine = Buffer.alloc(16);
  const second = a.read(mine);
  controller.abort();
  await expect(first).rejects.toMatchObject({ code: 'ABORT_ERR' });
  await b.write('mine');
  expect(`${await second}`).toBe('mine');
  expect(`${mine.subarray(0, 4)}`).toBe('mine');
  await Promise.all([a.close(), b.close()]);
});

test('write: says how much had gone, and the next write follows', async () => {
  const [a, b] = UnixStream.pair();
  const error = await expectAbort((signal) => a.write(Buffer.alloc(1 << 20), { signal }));
  const sent = error.bytesWritten as number;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(1 << 20);
  const next = a.write('next').then(() => a.shutdown('write'));
  let received = 0;
  let last = '';
  for await (const data of b) {
    received += data.length;
    last = data.subarray(-4).toString();
  }
  await next;
  expect([received, last]).toEqual([sent + 4, 'next']);
  await Promise.all([a.close(), b.close()]);
});

test('seqpacket: receive and a queued send', async () => {
  const [a, b] = UnixSeqpacket.pair();
  await expectAbort((signal) => b.receive({ signal }));
  let queued = 0;
  const sends: Promise<void>[] = [];
  for (let full = false; !full; queued += 1) {
    const sent = a.send(`${queued}`);
    sends.push(sent);
    full = await Promise.race([
      sent.then(() => false),
      new Promise<true>((r) => setImmediate(r, true)),
    ]);
  }
  await expectAbort((signal) => a.send('never', { signal }));
  const last = a.send('last');
  const received: string[] = [];
  while (received.at(-1) !== 'last') received.push(`${(await b.receive())?.data}`);
  await Promise.all([...sends, last]);
  expect(received).not.toContain('never');
  await Promise.all([a.close(), b.close()]);
});

test('datagram: a queued send leaves the queue, the others keep their order', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  await using sender = UnixDatagram.unbound();
  let sent = 0;
  while (sender.trySend(`${sent}`, { to: scratch.path() })) sent += 1;
  const behind = sender.send('first', { to: scratch.path() });
  await expectAbort((signal) => sender.send('never', { to: scratch.path(), signal }));
  const last = sender.send('last', { to: scratch.path() });
  const received: string[] = [];
  while (received.at(-1) !== 'last') received.push(`${(await receiver.receive()).data}`);
  await Promise.all([behind, last]);
  expect(received.slice(sent)).toEqual(['first', 'last']);
});

test('accept: the connection goes to the next', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await expectAbort((signal) => listener.accept({ signal }));
  const accepting = listener.accept();
  await using client = await UnixStream.connect(scratch.path());
  await using server = await accepting;
  expect(client.closed || server.closed).toBe(false);
});
