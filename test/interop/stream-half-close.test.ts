// A stream that is shut down for writing still reads: its peer sees the end, and answers after it.
import { UnixListener, UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { describePeers, messages } from '../helpers/peers.js';
import { native, Scratch } from '../helpers/scratch.js';

const sizes = [1, 102_400, 5];

describePeers((peer, kind) => {
  test('the server sees our end and still answers', async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using _server = await peer.serve('unix', address, 'echo');
    await using stream = await UnixStream.connect(native(address));

    const sent = Buffer.concat(messages(sizes));
    const answer = readAll(stream);
    for (const message of messages(sizes)) await stream.write(message);
    stream.shutdown('write');

    expect((await answer).equals(Buffer.concat([sent, end(sent.length)]))).toBe(true);
  });

  test("we see the client's end and still answer", async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using listener = await UnixListener.bind(native(address));
    await using client = peer.echo('unix', address, sizes);

    await using stream = await listener.accept();
    let total = 0;
    for await (const chunk of stream) {
      total += chunk.length;
      await stream.write(chunk);
    }
    await stream.write(end(total));
    await stream.close();

    expect(await client.succeeds()).toBe('ok\n');
  });
});

const end = (total: number): Buffer => Buffer.from(`end after ${total}`);

async function readAll(stream: UnixStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
