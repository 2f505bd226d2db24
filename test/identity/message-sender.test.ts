// `credentials: true` and `pidfds: true`: every message carries its sender's, as the kernel checked.
import { readFileSync } from 'node:fs';
import { getegid, geteuid, pid } from 'node:process';
import {
  type FileDescriptor,
  features,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test } from 'vitest';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';
import { describeTypes } from '../helpers/pairs.js';
import { Scratch } from '../helpers/scratch.js';

const us = { pid, uid: geteuid?.(), gid: getegid?.() };
const root = geteuid?.() === 0;
const pidOf = (pidfd: FileDescriptor | null): number =>
  Number(/^Pid:\s*(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd?.fd}`, 'utf8'))?.[1]);

describe.runIf(features().credentials)('credentials', () => {
  checkDescriptors();

  describeTypes((type) => {
    test('of the sender', async () => {
      await using pair = type.pair({ credentials: true });
      await pair.first.send('x');
      expect((await pair.second.receive()).credentials).toEqual(us);
    });

    test('none unless asked for', async () => {
      await using pair = type.pair();
      await pair.first.send('x');
      expect((await pair.second.receive()).credentials).toBe(null);
    });

    test.runIf(root)('a privileged sender chooses them', async () => {
      await using pair = type.pair({ credentials: true, maxFds: 1 });
      const credentials = { pid: 1, uid: 4_000_000_000, gid: 12 };
      await pair.first.send('x', { credentials, fds: [0] });
      const message = await pair.second.receive();
      expect(message.credentials).toEqual(credentials);
      for (const fd of message.fds) fd.close();
      await pair.first.send('y');
      expect((await pair.second.receive()).credentials).toEqual(us);
    });

    test.runIf(root)('also when the message has to wait', async () => {
      await using pair = type.pair({ credentials: true });
      const credentials = { pid: 1, uid: 11, gid: 12 };
      const filler = Buffer.alloc(60_000);
      const sent = Array.from({ length: 20 }, () => pair.first.send(filler, { credentials }));
      for (let left = filler.length * sent.length; left > 0; ) {
        const message = await pair.second.receive();
        expect(message.credentials).toEqual(credentials);
        left -= message.size;
      }
      await Promise.all(sent);
    });

    test('a process that does not exist: ESRCH', async () => {
      await using pair = type.pair({ credentials: true });
      const credentials = { pid: 4_194_305, uid: us.uid as number, gid: us.gid as number };
      await expect(pair.first.send('x', { credentials })).rejects.toMatchObject({
        code: expect.stringMatching(/^(ESRCH|EPERM)$/),
      });
    });

    test.each([
      ['a number', 7],
      ['null', null],
      ['text', { pid: '1', uid: 0, gid: 0 }],
      ['less than all', { pid: 1 }],
      ['a negative pid', { pid: -1, uid: 0, gid: 0 }],
      ['a uid of 33 bits', { pid: 1, uid: 2 ** 32, gid: 0 }],
    ])('wrong: %s', async (_, credentials) => {
      await using pair = type.pair();
      await expect(
        pair.first.send('x', { credentials: credentials as never }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    });
  });

  test('set on the listener: nothing sent before accept() is missed', async () => {
    using scratch = new Scratch();
    const options = { credentials: true, maxFds: 1 };
    await using streams = await UnixListener.bind(scratch.path('a'), options);
    await using packets = await UnixSeqpacketListener.bind(scratch.path('b'), options);
    await using stream = await UnixStream.connect(scratch.path('a'));
    await using packet = await UnixSeqpacket.connect(scratch.path('b'));
    await stream.write('x', { fds: [0] });
    await packet.send('x', { fds: [0] });
    await using first = await streams.accept();
    await using second = await packets.accept();
    for (const socket of [first, second]) {
      const message = await socket.receive();
      expect(message?.credentials).toEqual(us);
      expect(message?.fds).toHaveLength(1);
      message?.fds[0]?.close();
    }
  });

  test('an empty packet is no end', async () => {
    const [first, second] = UnixSeqpacket.pair({ credentials: true });
    await first.send('');
    await first.close();
    const message = await second.receive();
    expect([message?.size, message?.credentials]).toEqual([0, us]);
    expect(await second.receive()).toBe(null);
    await second.close();
  });

  test('an empty datagram and packet carry descriptors', async () => {
    for (const [first, second] of [
      UnixDatagram.pair({ maxFds: 2 }),
      UnixSeqpacket.pair({ maxFds: 2 }),
    ]) {
      await first.send('', { fds: [0, 1] });
      const message = await second.receive();
      expect([message?.size, message?.fds.length]).toEqual([0, 2]);
      for (const fd of message?.fds ?? []) fd.close();
      await first.close();
      await second.close();
    }
  });

  test('credentials make connect() autobind', async () => {
    using scratch = new Scratch();
    await using listener = await UnixListener.bind(scratch.path());
    await using client = await UnixStream.connect(scratch.path(), { credentials: true });
    await using server = await listener.accept();
    expect(client.localAddress?.kind).toBe('abstract');
    expect(server.peerAddress?.kind).toBe('abstract');
  });

  test.runIf(root)('bytes of different senders never merge', async () => {
    const [first, second] = UnixStream.pair({ credentials: true });
    await first.write('a');
    await first.write('b');
    await first.write('c', { credentials: { pid, uid: 5, gid: 5 } });
    await first.write('d');
    const read: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const message = await second.receive();
      read.push([String(message?.data), message?.credentials?.uid]);
    }
    expect(read).toEqual([
      ['ab', us.uid],
      ['c', 5],
      ['d', us.uid],
    ]);
    await first.close();
    await second.close();
  });
});

describe.runIf(features().pidfds)('pidfds', () => {
  checkDescriptors();

  describeTypes((type) => {
    test('of the sender, beside its descriptors', async () => {
      await using pair = type.pair({ pidfds: true, credentials: true, maxFds: 253 });
      await pair.first.send('x', { fds: Array.from({ length: 253 }, () => 0) });
      const { pidfd, fds, credentials, controlTruncated } = await pair.second.receive();
      expect(pidOf(pidfd)).toBe(pid);
      expect([fds.length, credentials, controlTruncated]).toEqual([253, us, false]);
      for (const fd of fds) fd.close();
      pidfd?.close();
    });

    test('without maxFds, too', async () => {
      await using pair = type.pair({ pidfds: true });
      await pair.first.send('x');
      const { pidfd, controlTruncated } = await pair.second.receive();
      expect([pidOf(pidfd), controlTruncated]).toEqual([pid, false]);
      pidfd?.close();
    });
  });

  test('read() closes the pidfd with which nothing can be done', async () => {
    const [first, second] = UnixStream.pair({ pidfds: true });
    const before = openDescriptors().size;
    await first.write('x');
    expect(String(await second.read())).toBe('x');
    await first.write('y');
    expect(String(await second.read(Buffer.alloc(1)))).toBe('y');
    expect(openDescriptors().size).toBe(before);
    await first.close();
    await second.close();
  });
});
