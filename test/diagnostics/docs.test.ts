// The command of docs/diagnostics.md prints lines like those that the page shows.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { codeBlocks } from '../helpers/code-blocks.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const program = (folder: string): string => `
import { UnixListener, UnixStream } from 'afunix';
const listener = await UnixListener.bind('${folder}/app.sock', { maxFds: 1 });
const client = await UnixStream.connect('${folder}/app.sock');
await client.write('hello', { fds: [0] });
await UnixStream.connect('${folder}/other.sock').catch(() => {});
process.exit();
`;

test('NODE_DEBUG=afunix', async () => {
  using scratch = new Scratch();
  mkdirSync(scratch.path('node_modules'));
  symlinkSync(fromRoot('.'), scratch.path('node_modules/afunix'));
  writeFileSync(scratch.path('app.mjs'), program(scratch.folder));
  const blocks = codeBlocks('docs/diagnostics.md').filter(({ marker }) => marker !== undefined);
  expect(blocks.map(({ language }) => language)).toEqual(['sh', '']);
  const [command = '', shown = ''] = blocks.map(({ code }) => code);
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const options = { cwd: scratch.folder, env: { ...process.env, PATH } };
  await using child = new Child('/bin/sh', ['-c', command], options);
  await child.succeeds();

  const common = (text: string): string[] =>
    text
      .replaceAll(scratch.folder, '/run')
      .replace(/\b\d+\b/g, 'N')
      .trimEnd()
      .split('\n');
  expect(common(child.stderr)).toEqual(expect.arrayContaining(common(shown)));
}, 60_000);
