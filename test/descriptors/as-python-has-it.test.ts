// The borders of the control buffer, against Python's socket module, with counts in both processes.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { openDescriptors } from '../helpers/descriptors.js';
import { describeTypes, type Pair } from '../helpers/pairs.js';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';

// None last: on a stream, bytes without merge with those that follow.
const COUNTS = [1, 2, 64, 252, 253, 0];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

/** Python at the far end, which it inherits as its descriptor 3. */
function start(python: string, pair: Pair, mode: string, ...numbers: number[]): Child {
  const args = [fromRoot('test/peers/rights.py'), mode, '3', ...numbers.map(String)];
  return new Child(python, args, { stdio: ['pipe', 'pipe', 'pipe', pair.first.socket.fd] });
}

describeWith('python3', programPath('python3'), (python) => {
  describeTypes((type) => {
    test('Python sends', async () => {
      await using pair = type.pair({ maxFds: 253 });
      await using child = start(python, pair, 'send', ...COUNTS, 254);
      await child.says('EINVAL 254 0');
      const before = openDescriptors().size;
      for (const count of COUNTS) {
        const { data, fds, controlTruncated } = await pair.second.receive();
        expect([data.toString(), fds.length, controlTruncated]).toEqual(['x', count, false]);
        expect(openDescriptors().size).toBe(before + count);
        for (const fd of fds) fd.close();
        expect(openDescriptors().size).toBe(before);
      }
      child.process.stdin?.end();
      expect((await child.succeeds()).split('\n')).toEqual([
        ...COUNTS.map((count) => `sent ${count} 0`),
        'EINVAL 254 0',
        '',
      ]);
    });

    test('Python receives', async () => {
      // Whether it may be sent any is the socket's, whoever holds it.
      await using pair = type.pair({ maxFds: 1 });
      await using child = start(python, pair, 'receive', COUNTS.length);
      const before = openDescriptors().size;
      for (const count of COUNTS) {
        await pair.second.send('x', { fds: zeros(count) });
        await child.says(`received ${count} `);
        expect(openDescriptors().size).toBeLessThanOrEqual(before);
      }
      await expect(pair.second.send('x', { fds: zeros(254) })).rejects.toMatchObject({
        code: 'ERR_OUT_OF_RANGE',
      });
      expect((await child.succeeds()).split('\n')).toEqual([
        ...COUNTS.map((count) => `received ${count} ${count} 0 False 1`),
        '',
      ]);
    });
  });
});
