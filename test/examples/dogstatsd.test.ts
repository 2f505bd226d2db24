// examples/dogstatsd.ts: every metric is added up, or counted as dropped; and others can send to it.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

function numberIn(output: string, pattern: RegExp): number {
  const [, number] = pattern.exec(output) ?? [];
  return Number(number);
}

test('agent and client', async () => {
  await using child = example('dogstatsd');
  const output = await child.succeeds();

  const odd = numberIn(output, /^jobs\.done kind:odd = (\d+)$/m);
  const even = numberIn(output, /^jobs\.done kind:even = (\d+)$/m);
  const dropped = numberIn(output, /^(\d+) metrics dropped$/m);
  // The gauges, which may be among those dropped, are ten.
  expect(odd + even + dropped).toBeGreaterThanOrEqual(10_000);
  expect(odd + even + dropped).toBeLessThanOrEqual(10_010);
  expect(odd).toBeGreaterThan(0);
  expect(output).toContain('0 lines refused');
}, 60_000);

describeWith('socat', programPath('socat'), (socat: string) => {
  test('sends to the agent', async () => {
    using scratch = new Scratch();
    const path = scratch.path('dsd.socket');
    await using agent = example('dogstatsd', 'agent', path);
    await agent.says('agent at');
    for (const lines of [
      'views:1|c|@0.5|#b:2,a:1\nload:3|g\n',
      'views:1|c|#a:1,b:2\nviews|c',
      'load:-.5|g',
    ]) {
      await using sender = new Child(socat, ['-u', '-', `UNIX-SENDTO:${path}`]);
      sender.process.stdin?.end(lines);
      await sender.succeeds();
    }

    agent.kill('SIGINT');
    const output = await agent.succeeds();
    expect(output).toContain('views a:1 b:2 = 3\n');
    expect(output).toContain('load = -0.5\n');
    expect(output).toContain('1 lines refused\n');
  }, 60_000);
});
