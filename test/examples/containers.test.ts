// examples/containers.ts: three network namespaces, and what leads from one to another.
import { expect, test } from 'vitest';
import { example } from '../helpers/examples.js';
import { describeWith, programPath } from '../helpers/programs.js';

describeWith('unshare', programPath('unshare'), () => {
  test('a path leads across, an abstract name does not', async () => {
    await using child = example('containers');
    const lines = (await child.succeeds()).trimEnd().split('\n');

    expect(lines.map((line) => line.replace(/, net:\[\d+\]/, ''))).toEqual([
      'red: listens at /mnt/greeter.sock and @afunix-containers',
      'red: at @afunix-containers: good morning from red',
      'blue: is here',
      'blue: at /media/greeter.sock: good morning from red',
      'blue: at @afunix-containers: ECONNREFUSED',
      'host: is neither',
      'host: at @afunix-containers: ECONNREFUSED',
    ]);
    expect(new Set(lines.map((line) => /net:\[\d+\]/.exec(line)?.[0])).size).toBe(3);
    expect(child.stderr).toBe('');
  }, 60_000);
});
