// Pathnames longer than sun_path work for bind, connect and send, and are removed on close.
import { existsSync, mkdirSync } from 'node:fs';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

/** A path of exactly `length` bytes whose last part has `last` of them. */
function longPath(scratch: Scratch, length: number, last: number): string {
  let folder = scratch.folder;
  while (length - last - 1 - folder.length > 1) {
    const room = Math.min(200, length - last - 2 - folder.length);
    if (length - last - 1 - folder.length - room - 1 === 1) folder += `/${'d'.repeat(room - 1)}`;
    else folder += `/${'d'.repeat(room)}`;
    mkdirSync(folder);
  }
  return `${folder}/`.padEnd(length, 's');
}

describe.each([
  [109, 10],
  [300, 255],
  [4095, 20],
  [4095, 255],
])('%i bytes, the last part about %i', (length, last) => {
  test('stream', async () => {
    using scratch = new Scratch();
    const path = longPath(scratch, length, last);
    expect(Buffer.byteLength(path)).toBe(length);
    const listener = await UnixListener.bind(path);
    expect(listener.localAddress?.path).toBe(path);
    await using client = await UnixStream.connect(path);
    await using server = await listener.accept();
    await client.write('over a long way');
    expect(`${await server.read()}`).toBe('over a long way');
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  test('seqpacket, with mode and replace', async () => {
    using scratch = new Scratch();
    const path = longPath(scratch, length, last);
    await using old = await UnixSeqpacketListener.bind(path);
    await using listener = await UnixSeqpacketListener.bind(path, {
      replace: 'always',
      mode: 0o600,
    });
    await using client = await UnixSeqpacket.connect(path);
    await using server = await listener.accept();
    await client.send('packet');
    expect(`${(await server.receive())?.data}`).toBe('packet');
    expect(old.closed).toBe(false);
  });

  test('datagram, connected and not', async () => {
    using scratch = new Scratch();
    const path = longPath(scratch, length, last);
    await using receiver = await UnixDatagram.bind(path);
    await using sender = UnixDatagram.unbound();
    await sender.send('one', { to: path });
    sender.connect(path);
    await sender.sendMany(['two', { data: 'three', to: path }]);
    const received = [await receiver.receive(), await receiver.receive(), await receiver.receive()];
    expect(received.map(({ data }) => `${data}`)).toEqual(['one', 'two', 'three']);
    await expect(sender.send('x', { to: `${path.slice(0, -1)}y` })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

test('taken already: EADDRINUSE, and the file is left alone', async () => {
  using scratch = new Scratch();
  const path = longPath(scratch, 400, 255);
  await using first = await UnixDatagram.bind(path);
  await expect(UnixDatagram.bind(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await using sender = UnixDatagram.unbound();
  await sender.send('still here', { to: path });
  expect(`${(await first.receive()).data}`).toBe('still here');
});
