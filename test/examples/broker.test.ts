// examples/broker.ts: every request is answered, by all workers; and curl is served while one is killed.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { example } from '../helpers/examples.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

test('four workers share the requests', async () => {
  await using child = example('broker');
  const output = await child.succeeds();

  const counts = [...output.matchAll(/^worker \d+ answered (\d+) requests$/gm)].map(([, n]) =>
    Number(n),
  );
  expect(counts.length).toBeGreaterThan(1);
  expect(counts.reduce((a, b) => a + b)).toBe(200);
  expect(child.stderr).toBe('');
}, 60_000);

describeWith('curl', programPath('curl'), (curl: string) => {
  test('is served, also after more workers were killed than there were', async () => {
    using scratch = new Scratch();
    await using server = example('broker', 'serve', scratch.path());
    await server.says('serving at');
    const ask = async (): Promise<number> => {
      const options = [
        '--silent',
        '--show-error',
        '--max-time',
        '20',
        '--unix-socket',
        scratch.path(),
      ];
      await using child = new Child(curl, [...options, 'http://localhost/']);
      return Number(/^worker (\d+)\n$/.exec(await child.succeeds())?.[1]);
    };
    for (let killed = 0; killed < 5; killed++) {
      const pid = await ask();
      process.kill(pid, 'SIGKILL');
      // What is handed to it before its end is known is lost: then curl says so.
      while ((await ask().catch(() => pid)) === pid);
    }

    server.kill('SIGINT');
    await server.succeeds();
  }, 60_000);
});
