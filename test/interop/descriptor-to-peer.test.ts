// A descriptor that we send is the open file at the peer: it reads the contents and sends them back.
import { open, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { describePeers, networks } from '../helpers/peers.js';
import { Scratch } from '../helpers/scratch.js';
import { accepted, connected, fileOf, receiveBytes } from '../helpers/talk.js';

describePeers((peer, kind) => {
  for (const network of networks) {
    test(`${network}: the server reads the file we send it`, async () => {
      using scratch = new Scratch();
      const file = fileOf(scratch);
      const address = scratch.address(kind);
      await using _server = await peer.serve(network, address, 'descriptors');
      await using socket = await connected(network, address, scratch.address(kind));

      {
        await using handle = await open(file);
        await socket.send('read this', [handle]);
      }

      const contents = await readFile(file);
      expect(await receiveBytes(socket, contents.length)).toEqual(contents);
    });

    test(`${network}: the client reads the file we answer with`, async () => {
      using scratch = new Scratch();
      const file = fileOf(scratch);
      const address = scratch.address(kind);
      await using listener = await accepted(network, address);
      await using client = peer.take(network, address, file);

      await using socket = await listener.next();
      const { data } = await socket.receive();
      await using handle = await open(data.toString());
      await socket.send('opened', [handle]);

      expect(await client.succeeds()).toBe('ok\n');
    });
  }
});
