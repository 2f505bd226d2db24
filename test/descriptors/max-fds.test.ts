// `maxFds: n`: at most n descriptors reach the user, any more are closed, and the message says so.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';
import { describeTypes } from '../helpers/pairs.js';

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

describeTypes((type) => {
  checkDescriptors();

  test.each([
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
    [1, 253],
    [252, 253],
    [253, 253],
  ])('maxFds %i, sent %i', async (maxFds, sent) => {
    await using pair = type.pair({ maxFds });
    await pair.first.send('x', { fds: zeros(sent) });
    const before = openDescriptors().size;
    const { data, fds, controlTruncated } = await pair.second.receive();
    const kept = Math.min(maxFds, sent);
    expect(openDescriptors().size).toBe(before + kept);
    expect(data.toString()).toBe('x');
    expect(fds).toHaveLength(kept);
    expect(controlTruncated).toBe(sent > maxFds);
    for (const fd of fds) fd.close();
  });

  test('254 are refused before anything is sent', async () => {
    await using pair = type.pair({ maxFds: 253 });
    await expect(pair.first.send('lost', { fds: zeros(254) })).rejects.toMatchObject({
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
    });
    await pair.first.send('x');
    expect((await pair.second.receive()).data.toString()).toBe('x');
  });

  test('those of a message that nobody took are closed with the socket', async () => {
    await using pair = type.pair({ maxFds: 2 });
    await pair.first.send('x', { fds: [0, 1] });
    const before = openDescriptors().size;
    await pair.second.socket.close();
    expect(openDescriptors().size).toBe(before - 1);
  });

  test('a descriptor that is not open: EBADF, and nothing is sent', async () => {
    await using pair = type.pair({ maxFds: 2 });
    await expect(pair.first.send('lost', { fds: [1_000_000] })).rejects.toMatchObject({
      code: 'EBADF',
    });
    await pair.first.send('x');
    expect((await pair.second.receive()).data.toString()).toBe('x');
  });

  test('received descriptors are close-on-exec', async () => {
    await using pair = type.pair({ maxFds: 1, pidfds: process.platform === 'linux' });
    await pair.first.send('x', { fds: [0] });
    const { fds, pidfd } = await pair.second.receive();
    for (const fd of [...fds, pidfd]) {
      if (fd === null) continue;
      expect(flagsOf(fd.fd) & 0o2000000).toBe(0o2000000);
      fd.close();
    }
  });
});

function flagsOf(fd: number): number {
  if (process.platform !== 'linux') return 0o2000000;
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  return Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '0', 8);
}
