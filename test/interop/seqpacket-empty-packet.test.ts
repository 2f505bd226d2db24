// An empty packet is a packet, not the end, although recvmsg(2) returns 0 for both.
import { UnixSeqpacket, UnixSeqpacketListener } from 'afunix';
import { describe, expect, test } from 'vitest';
import { describePeers, messages } from '../helpers/peers.js';
import { hasSeqpacket, native, Scratch } from '../helpers/scratch.js';

const sizes = [1, 0, 5];

describe.skipIf(!hasSeqpacket)('seqpacket', () => {
  describePeers((peer, kind) => {
    describe.each([false, true])('credentials: %s', (credentials) => {
      test('an empty packet comes back from the server as one', async () => {
        using scratch = new Scratch();
        const address = scratch.address(kind);
        await using _server = await peer.serve('unixpacket', address, 'echo');
        await using socket = await UnixSeqpacket.connect(native(address), { credentials });

        for (const message of messages(sizes)) await socket.send(message);
        for (const size of sizes) expect((await socket.receive())?.data).toHaveLength(size);
      });

      test('an empty packet of the client is received, and then its end', async () => {
        using scratch = new Scratch();
        const address = scratch.address(kind);
        await using listener = await UnixSeqpacketListener.bind(native(address), { credentials });
        await using client = peer.echo('unixpacket', address, sizes);

        await using socket = await listener.accept();
        const received: number[] = [];
        for (let packet = await socket.receive(); packet; packet = await socket.receive()) {
          expect(packet.credentials?.pid).toBe(credentials ? client.pid : undefined);
          received.push(packet.data.length);
          await socket.send(packet.data);
        }

        expect(await client.succeeds()).toBe('ok\n');
        expect(received).toEqual(sizes);
      });
    });
  });
});
