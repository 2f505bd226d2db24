// Packets arrive one by one, each as long as it was sent, however many wait.
import { UnixSeqpacket, UnixSeqpacketListener } from 'afunix';
import { describe, expect, test } from 'vitest';
import { describePeers, messages } from '../helpers/peers.js';
import { hasSeqpacket, native, Scratch } from '../helpers/scratch.js';

const sizes = [1, 5, 102_400, 7];

describe.skipIf(!hasSeqpacket)('seqpacket', () => {
  describePeers((peer, kind) => {
    test('each packet comes back from the server as it was', async () => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using _server = await peer.serve('unixpacket', address, 'echo');
      await using socket = await UnixSeqpacket.connect(native(address));

      for (const message of messages(sizes)) await socket.send(message);
      for (const message of messages(sizes)) {
        const packet = await socket.receive();
        expect(packet?.data.equals(message)).toBe(true);
      }
    });

    test('each packet of the client goes back as it came', async () => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using listener = await UnixSeqpacketListener.bind(native(address));
      await using client = peer.echo('unixpacket', address, sizes);

      await using socket = await listener.accept();
      const received: number[] = [];
      for (let packet = await socket.receive(); packet; packet = await socket.receive()) {
        received.push(packet.data.length);
        await socket.send(packet.data);
      }

      expect(await client.succeeds()).toBe('ok\n');
      expect(received).toEqual(sizes);
    });
  });
});
