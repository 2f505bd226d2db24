// A descriptor that a peer sends is its open file here: we read the contents.
import { readFile } from 'node:fs/promises';
import type { FileDescriptor } from 'afunix';
import { expect, test } from 'vitest';
import { contentsOf } from '../helpers/descriptors.js';
import { describePeers, networks } from '../helpers/peers.js';
import { Scratch } from '../helpers/scratch.js';
import { accepted, connected, fileOf } from '../helpers/talk.js';

describePeers((peer, kind) => {
  for (const network of networks) {
    test(`${network}: we read the file that the server sends`, async () => {
      using scratch = new Scratch();
      const file = fileOf(scratch);
      const address = scratch.address(kind);
      await using _server = await peer.serve(network, address, 'descriptors');
      await using socket = await connected(network, address, scratch.address(kind));

      await socket.send(file);
      const { data, fds } = await socket.receive();
      using received = fds[0];

      expect(data.toString()).toBe('opened');
      expect(fds).toHaveLength(1);
      expect(received?.kind).toBe('file');
      expect(contentsOf(received as FileDescriptor)).toEqual(await readFile(file));
    });

    test(`${network}: we read the file that the client sends`, async () => {
      using scratch = new Scratch();
      const file = fileOf(scratch);
      const address = scratch.address(kind);
      await using listener = await accepted(network, address);
      await using client = peer.give(network, address, file);

      await using socket = await listener.next();
      const { data, fds } = await socket.receive();
      using received = fds[0];
      await socket.send(contentsOf(received as FileDescriptor));

      expect(data.toString()).toBe('read this');
      expect(fds).toHaveLength(1);
      expect(await client.succeeds()).toBe('ok\n');
    });
  }
});
