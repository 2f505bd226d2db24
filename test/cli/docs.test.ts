// What docs/cli.md and README.md show of the command, as they show it, one block after the other.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const command = `'${process.execPath}' '${fromRoot('dist/cli/main.js')}'`;

/** The blocks of a page that use the command, and what is printed. */
function blocksOf(page: string): string[] {
  const text = readFileSync(fromRoot(page), 'utf8');
  const blocks = [...text.matchAll(/^```(?:sh|text)\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
  return blocks.filter((code) => code.includes('afunix'));
}

/** A shell that runs a block, in the test's folder. */
function shell(block: string, scratch: Scratch): Child {
  const code = block.replaceAll('/tmp/', './').replaceAll('npx afunix', `exec ${command}`);
  // An abstract name is everybody's.
  return new Child('/bin/sh', ['-c', code.replaceAll('@inbox', `@inbox-${process.pid}`)], {
    cwd: scratch.folder,
  });
}

const [listen, connect, receive, send, printed, receiveFile, sendFile] = blocksOf(
  'docs/cli.md',
) as [string, string, string, string, string, string, string];

test('two terminals', async () => {
  using scratch = new Scratch();
  await using one = shell(listen, scratch);
  await one.says('listening', 'stderr');
  await using other = shell(connect, scratch);

  one.process.stdin?.write('hello\n');
  await other.says('hello\n');
  other.process.stdin?.end('and to you\n');
  await one.says('and to you\n');
  one.process.stdin?.end();
  await one.succeeds();
  await other.succeeds();
});

test.skipIf(process.platform !== 'linux')('passing a file', async () => {
  using scratch = new Scratch();
  await using one = shell(receive, scratch);
  await one.says('listening', 'stderr');
  await using other = shell(send, scratch);

  await other.succeeds();
  expect(await one.succeeds()).toBe('here it is');
  const general = (text: string): string =>
    text.replace(/@inbox-\d+/, '@inbox').replace(/\d+(?= \(| bytes|$|,)/gm, 'N');
  expect(general(one.stderr)).toBe(general(printed));
});

test('copying a file', async () => {
  using scratch = new Scratch();
  const contents = readFileSync(process.execPath).subarray(0, 1 << 20);
  writeFileSync(scratch.path('archive.tar'), contents);
  await using one = shell(receiveFile, scratch);
  await one.says('listening', 'stderr');
  await using other = shell(sendFile, scratch);

  await other.succeeds();
  await one.succeeds();
  expect(readFileSync(scratch.path('copy.tar')).equals(contents)).toBe(true);
});

test('README.md: an open file for the other terminal', async () => {
  using scratch = new Scratch();
  const [receiveReadme, sendReadme] = blocksOf('README.md').filter((block) =>
    block.startsWith('npx afunix'),
  ) as [string, string];
  writeFileSync(scratch.path('README.md'), 'read me');
  await using one = shell(receiveReadme, scratch);
  await one.says('listening', 'stderr');
  await using other = shell(sendReadme, scratch);

  await other.succeeds();
  expect(await one.succeeds()).toBe('here it is');
  expect(one.stderr).toContain('descriptor: file, 7 bytes');
  // With its name, unless it was gone before it could be looked at.
  expect(one.stderr).toMatch(new RegExp(`process ${other.pid}[ ,]`));
});
