// A send that has to wait holds duplicates: the caller may close its own at once. They are closed when
// the message has gone, when it was cancelled, and when the socket closes.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { FileDescriptor } from 'afunix';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors, contentsOf, openDescriptors } from '../helpers/descriptors.js';
import { describeTypes, type Pair } from '../helpers/pairs.js';
import { Scratch } from '../helpers/scratch.js';

const filler = Buffer.alloc(4096);

/** Fills the way to the second end; returns the bytes. */
function fill(pair: Pair): number {
  let bytes = 0;
  try {
    for (;;) bytes += raw.send(pair.first.socket.fd, filler);
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
  }
  return bytes;
}

async function drain(pair: Pair, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; ) left -= (await pair.second.receive()).size;
}

describeTypes((type) => {
  checkDescriptors();

  test('the caller closes its own at once; the receiver gets what it was', async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'contents');
    await using pair = type.pair({ maxFds: 2 });
    const bytes = fill(pair);
    const before = openDescriptors().size;
    const fd = openSync(scratch.path('file'), 'r');
    const sent = [1, 2, 3].map((i) => pair.first.send(`message ${i}`, { fds: [fd, fd] }));
    expect(openDescriptors().size).toBe(before + 1 + 6);
    closeSync(fd);
    await drain(pair, bytes);
    const messages = [
      await pair.second.receive(),
      await pair.second.receive(),
      await pair.second.receive(),
    ];
    await Promise.all(sent);
    expect(messages.map(({ data }) => data.toString())).toEqual([
      'message 1',
      'message 2',
      'message 3',
    ]);
    expect(String(contentsOf(messages[2]?.fds[1] as FileDescriptor))).toBe('contents');
    // The duplicates are gone; the receiver's six are left.
    expect(openDescriptors().size).toBe(before + 6);
    for (const each of messages.flatMap(({ fds }) => fds)) each.close();
  });

  test('cancelled: closed, and never sent', async () => {
    await using pair = type.pair({ maxFds: 2 });
    const bytes = fill(pair);
    const before = openDescriptors().size;
    const aborting = new AbortController();
    const cancelled = pair.first.send('cancelled', { fds: [0, 1], signal: aborting.signal });
    const sent = pair.first.send('sent', { fds: [0] });
    expect(openDescriptors().size).toBe(before + 3);
    aborting.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(openDescriptors().size).toBe(before + 1);
    await drain(pair, bytes);
    const { data, fds } = await pair.second.receive();
    await sent;
    expect([data.toString(), fds.length]).toEqual(['sent', 1]);
    for (const each of fds) each.close();
  });

  test('the socket closes: closed', async () => {
    await using pair = type.pair({ maxFds: 2 });
    fill(pair);
    const before = openDescriptors().size;
    const sent = [1, 2].map((i) => pair.first.send(`message ${i}`, { fds: [0, 1] }));
    expect(openDescriptors().size).toBe(before + 4);
    await pair.first.socket.close();
    for (const each of sent) {
      await expect(each).rejects.toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    }
    expect(openDescriptors().size).toBe(before - 1);
  });

  test('the peer goes: closed, and the error told', async () => {
    await using pair = type.pair({ maxFds: 2 });
    fill(pair);
    const before = openDescriptors().size;
    const sent = pair.first.send('x', { fds: [0, 1] });
    await pair.second.socket.close();
    await expect(sent).rejects.toMatchObject({
      code: expect.stringMatching(/^(EPIPE|ECONNRESET|ECONNREFUSED|ENOTCONN)$/),
    });
    expect(openDescriptors().size).toBe(before - 1);
  });
});
