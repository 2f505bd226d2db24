// Every program in the README runs as shown, and prints what its comments say.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';

const readme = readFileSync(fromRoot('README.md'), 'utf8');
const programs = [...readme.matchAll(/^## ([^\n]*)\n(?:(?!^## ).)*?```js\n(.*?)```/gms)];

test('there are some', () => {
  expect(programs.map(([, heading]) => heading)).toEqual([
    'A stream',
    'Datagrams',
    'Descriptors',
    'Identity',
  ]);
});

test.each(programs.map(([, heading, code]) => [heading, code as string]))('%s', async (_, code) => {
  await using child = new Child(process.execPath, ['--input-type=module', '-e', code], {
    cwd: fromRoot('.'),
  });

  const lines = (await child.succeeds()).split('\n');
  expect(child.stderr).toBe('');
  for (const [, comment] of code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)) {
    expect(lines).toContain(comment);
  }
});
