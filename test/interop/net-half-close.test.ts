// afunix/net with programs that nobody here wrote at the other end: bytes, and the end of each side.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'afunix/net';
import { expect, test } from 'vitest';
import { describePeers, messages } from '../helpers/peers.js';
import { native, Scratch } from '../helpers/scratch.js';

const sizes = [1, 102_400, 5];
const end = (total: number): Buffer => Buffer.from(`end after ${total}`);

describePeers((peer, kind) => {
  test('the server sees the end of our socket and still answers', async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using _server = await peer.serve('unix', address, 'echo');
    const socket = connect(native(address));

    const sent = messages(sizes);
    for (const message of sent) socket.write(message);
    socket.end();

    const all = Buffer.concat(sent);
    const answer = Buffer.concat(await socket.toArray());
    expect(answer.equals(Buffer.concat([all, end(all.length)]))).toBe(true);
  });

  test("our half-open socket sees the client's end and still answers", async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using server = createServer({ allowHalfOpen: true }).listen(native(address));
    await once(server, 'listening');
    await using client = peer.echo('unix', address, sizes);

    const [socket] = (await once(server, 'connection')) as [Socket];
    let total = 0;
    socket.on('data', (chunk) => {
      total += chunk.length;
      socket.write(chunk);
    });
    await once(socket, 'end');
    socket.end(end(total));

    expect(await client.succeeds()).toBe('ok\n');
  });
});
