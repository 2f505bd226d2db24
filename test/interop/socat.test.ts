// socat(1) at the other end.
import { spawnSync } from 'node:child_process';
import {
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { messages } from '../helpers/peers.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { addressKinds, hasSeqpacket, native, Scratch } from '../helpers/scratch.js';

describeWith('socat', programPath('socat'), (socat) => {
  const version = spawnSync(socat, ['-V'], { encoding: 'utf8' });
  if (version.status !== 0) throw new Error(`${socat} -V failed: ${version.stderr}`);

  describe.each(addressKinds)('%s', (kind) => {
    const type = kind === 'abstract' ? 'ABSTRACT' : 'UNIX';
    const name = (address: string): string => address.replace(/^@/, '');

    test('stream: the server answers after our end', async () => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using server = new Child(socat, [
        ...['-d', '-d', '-t', '10', `${type}-LISTEN:${name(address)}`],
        'SYSTEM:cat; echo end',
      ]);
      await server.says('listening on', 'stderr');
      await using stream = await UnixStream.connect(native(address));

      const sent = Buffer.alloc(102_400, 'abcdefg');
      const writing = stream.write(sent).then(() => stream.shutdown('write'));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      await writing;

      expect(Buffer.concat(chunks).equals(Buffer.concat([sent, Buffer.from('end\n')]))).toBe(true);
      await server.succeeds();
    });

    test('stream: the client sees our answer and our end', async () => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using listener = await UnixListener.bind(native(address));
      await using client = new Child(socat, [
        ...['-t', '10', '-', `${type}-CONNECT:${name(address)}`],
      ]);
      client.process.stdin?.end('hello');

      await using stream = await listener.accept();
      let text = '';
      for await (const chunk of stream) text += chunk.toString();
      await stream.write(`${text} to you`);
      await stream.close();

      expect(await client.succeeds()).toBe('hello to you');
    });

    test.skipIf(!hasSeqpacket)('seqpacket: packets pass through it unchanged', async () => {
      using scratch = new Scratch();
      const [front, back] = [scratch.address(kind), scratch.address(kind)];
      await using listener = await UnixSeqpacketListener.bind(native(back));
      await using bridge = new Child(socat, [
        ...['-d', '-d', '-b', '212960', `${type}-LISTEN:${name(front)},type=5`],
        `${type}-CONNECT:${name(back)},type=5`,
      ]);
      await bridge.says('listening on', 'stderr');
      await using client = await UnixSeqpacket.connect(native(front));
      await using server = await listener.accept();

      const sizes = [1, 5, 102_400, 7];
      for (const message of messages(sizes)) await client.send(message);
      for (const message of messages(sizes)) {
        const packet = await server.receive();
        expect(packet?.data.equals(message)).toBe(true);
        await server.send(message);
      }
      for (const message of messages(sizes)) {
        expect((await client.receive())?.data.equals(message)).toBe(true);
      }
      await client.close();
      expect(await server.receive()).toBeNull();
      await bridge.succeeds();
    });

    test('datagram: the receiver gets ours and answers its sender', async () => {
      using scratch = new Scratch();
      const address = scratch.address(kind);
      await using server = new Child(socat, [
        ...['-d', '-d', '-b', '212960', `${type}-RECVFROM:${name(address)}`, 'SYSTEM:cat'],
      ]);
      await server.says('receiving on', 'stderr');
      await using socket = await UnixDatagram.bind(native(scratch.address(kind)));

      await socket.send('hello', { to: native(address) });
      const answer = await socket.receive();

      expect(answer.data.toString()).toBe('hello');
      expect(answer.from.toString()).toBe(address);
    });

    test('datagram: the sender gets our answer', async () => {
      using scratch = new Scratch();
      const [address, own] = [scratch.address(kind), scratch.address(kind)];
      await using socket = await UnixDatagram.bind(native(address));
      await using client = new Child(socat, [
        ...['-t', '10', '-', `${type}-SENDTO:${name(address)},bind=${name(own)}`],
      ]);
      client.process.stdin?.write('hello');

      const { data, from } = await socket.receive();
      expect(data.toString()).toBe('hello');
      expect(from.toString()).toBe(own);
      await socket.send('hello to you', { to: from });
      await client.says('hello to you');
    });
  });
});
