// Every block of docs/cli.md runs as shown: the first of a pair in one terminal, then the other.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { codeBlocks } from '../helpers/code-blocks.js';
import { fromRoot } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

const blocks = codeBlocks('docs/cli.md');

/** The command of the block with this text, run in a folder where the package is installed. */
function terminal(text: string, scratch: Scratch): Child {
  const [found, other] = blocks.filter(({ code }) => code.includes(text));
  if (found === undefined || other !== undefined) throw new Error(`"${text}" is not in one block`);
  mkdirSync(scratch.path('node_modules/.bin'), { recursive: true });
  const program = `#!/bin/sh\nexec '${process.execPath}' '${fromRoot('dist/cli/main.js')}' "$@"\n`;
  writeFileSync(scratch.path('node_modules/.bin/afunix'), program, { mode: 0o755 });
  const command = found.code
    .replaceAll('/tmp/', `${scratch.folder}/`)
    .replaceAll('@inbox', `@inbox-${process.pid}`);
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  return new Child('/bin/sh', ['-c', command], {
    cwd: scratch.folder,
    env: { ...process.env, PATH },
    timeout: 50_000,
  });
}

test('there are no others', () => {
  expect(blocks.map(({ language }) => language)).toEqual(['sh', 'sh', 'sh', 'sh', '', 'sh', 'sh']);
});

test('two terminals', async () => {
  using scratch = new Scratch();
  await using first = terminal('afunix listen', scratch);
  await first.says('listening on', 'stderr');
  await using second = terminal('afunix connect', scratch);

  first.process.stdin?.end('one\n');
  second.process.stdin?.end('two\n');
  expect(await first.succeeds()).toBe('two\n');
  expect(await second.succeeds()).toBe('one\n');
}, 60_000);

test.runIf(onLinux)(
  'passing a file, and what is printed of it',
  async () => {
    using scratch = new Scratch();
    await using first = terminal('receive @inbox', scratch);
    await first.says('listening on', 'stderr');
    await using second = terminal('send --fd', scratch);
    second.process.stdin?.end();

    await second.succeeds();
    expect(await first.succeeds()).toBe('here it is');
    const shown = blocks.find(({ language }) => language === '')?.code ?? '';
    const common = (text: string): string[] =>
      text
        .replaceAll(`@inbox-${process.pid}`, '@inbox')
        .replace(/\d+/g, 'N')
        .replace(/\(\S+\)/, '(NAME)')
        .trimEnd()
        .split('\n');
    expect(common(first.stderr)).toEqual(expect.arrayContaining(common(shown)));
  },
  60_000,
);

test('a copy', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('archive.tar'), Buffer.alloc(300_000, 'afunix\n'));
  await using first = terminal('receive /tmp', scratch);
  await first.says('listening on', 'stderr');
  await using second = terminal('send /tmp', scratch);

  await second.succeeds();
  await first.succeeds();
  const [original, copy] = ['archive.tar', 'copy.tar'].map((name) =>
    readFileSync(scratch.path(name)),
  );
  expect(copy?.equals(original as Buffer)).toBe(true);
}, 60_000);
