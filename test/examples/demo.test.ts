// The demo does the main job, and says so when it fails.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { example } from '../helpers/examples.js';
import { fromRoot } from '../helpers/programs.js';

test('every type of socket goes through its life, and the file arrives', async () => {
  await using child = example('demo', 'README.md');
  const output = await child.succeeds();

  for (const step of 'create bind listen accept connect receive send close clean'.split(' ')) {
    expect(output).toContain(step);
  }
  const contents = readFileSync(fromRoot('README.md'));
  expect(output).toContain(`${contents.length} bytes`);
  expect(output.split(createHash('sha256').update(contents).digest('hex'))).toHaveLength(3);
});

test('a file that is not there', async () => {
  await using child = example('demo', 'no-such-file');
  const { code, stderr } = await child.ended;

  expect(code).toBe(1);
  expect(stderr).toContain('ENOENT');
});

test('no file named', async () => {
  await using child = example('demo');
  const { code, stderr } = await child.ended;

  expect(code).toBe(2);
  expect(stderr).toContain('Usage');
});

test.each(['server', 'client'])('the %s is killed', async (name) => {
  await using child = example('demo', 'README.md');
  await child.says('client is process');
  // The processes are started and load for a while: this comes before their first step.
  const pid = new RegExp(`${name} is process (\\d+)`).exec(child.stdout)?.[1];
  process.kill(Number(pid), 'SIGKILL');
  const { code, stderr } = await child.ended;

  expect(code).toBe(1);
  expect(stderr).toContain(`the ${name} ended with SIGKILL`);
});
