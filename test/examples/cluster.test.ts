// examples/cluster.ts: every request is answered, and the workers end with the primary.
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { example } from '../helpers/examples.js';
import { Scratch } from '../helpers/scratch.js';

test('the workers answer all requests', async () => {
  await using child = example('cluster');
  const output = await child.succeeds();
  const counts = [...output.matchAll(/^worker \d answered (\d+) requests$/gm)].map(([, n]) =>
    Number(n),
  );
  expect(counts.reduce((a, b) => a + b, 0)).toBe(200);
  expect(child.stderr).toBe('');
}, 60_000);

test('serves until it is told to end', async () => {
  using scratch = new Scratch();
  await using server = example('cluster', 'serve', scratch.path());
  await server.says('serving at');
  const [response] = await once(http.get({ socketPath: scratch.path(), agent: false }), 'response');
  expect(await text(response)).toMatch(/^worker \d\n$/);
  server.kill('SIGINT');
  await server.succeeds();
}, 60_000);
