// Each datagram names its sender, and an answer to that address arrives: empty and large ones too.
import { UnixDatagram } from 'afunix';
import { describe, expect, test } from 'vitest';
import { describePeers, messages } from '../helpers/peers.js';
import { native, hasSeqpacket as onLinux, Scratch } from '../helpers/scratch.js';

const sizes = onLinux ? [1, 0, 5, 102_400, 7] : [1, 0, 5, 1024, 7];

describePeers((peer, kind) => {
  test('the server answers the address we are bound to', async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using _server = await peer.serve('unixgram', address, 'echo');
    await using socket = await UnixDatagram.bind(native(scratch.address(kind)));

    for (const data of messages(sizes)) await socket.send(data, { to: native(address) });
    for (const data of messages(sizes)) {
      const answer = await socket.receive();
      expect(answer.data.equals(data)).toBe(true);
      expect(answer.from.toString()).toBe(address);
    }
  });

  test('we answer the address the client is bound to', async () => {
    using scratch = new Scratch();
    const address = scratch.address(kind);
    await using socket = await UnixDatagram.bind(native(address));
    await using client = peer.echo('unixgram', address, sizes);

    for (const size of sizes) {
      const { data, from } = await socket.receive();
      expect(data).toHaveLength(size);
      expect(from.toString()).toBe(`${address}.client`);
      await socket.send(data, { to: from });
    }

    expect(await client.succeeds()).toBe('ok\n');
  });

  describe.skipIf(!onLinux)('autobind', () => {
    test('the server answers the name that the kernel chose for us', async () => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using _server = await peer.serve('unixgram', address, 'echo');
      await using socket = await UnixDatagram.bind();

      expect(socket.localAddress?.kind).toBe('abstract');
      await socket.send('hello', { to: native(address) });
      expect((await socket.receive()).data.toString()).toBe('hello');
    });
  });
});
