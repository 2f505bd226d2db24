// --help, --version and info.
import { existsSync, readFileSync } from 'node:fs';
import { features } from 'afunix';
import { expect, test } from 'vitest';
import { afunix } from '../helpers/command.js';
import { fromRoot } from '../helpers/programs.js';

const { version, bin } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));

test('the command is the one that package.json names', () => {
  expect(bin).toEqual({ afunix: 'dist/cli/main.js' });
  expect(readFileSync(fromRoot(bin.afunix), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test.each([[['--version']], [['-v']], [['send', '--version']]])('%j', async (args) => {
  await using child = afunix(args);
  expect(await child.succeeds()).toBe(`${version}\n`);
});

test.each([[['--help']], [['-h']], [['listen', '--help']]])('%j', async (args) => {
  await using child = afunix(args);
  const text = await child.succeeds();
  for (const word of ['listen', 'connect', 'send', 'receive', 'info', '--hex', 'Exit code']) {
    expect(text).toContain(word);
  }
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('info', async () => {
  await using child = afunix(['info']);
  const lines = (await child.succeeds()).trim().split('\n');
  const told = new Map(lines.map((line) => [line.slice(0, 18).trim(), line.slice(18)]));

  expect(told.get('afunix')).toBe(version);
  expect(told.get('binary')).toMatch(/afunix[.\w]*\.node$/);
  expect(existsSync(told.get('binary') as string)).toBe(true);
  expect(told.get('system')).toContain(process.arch);
  expect(told.get('node')).toContain(process.version);
  for (const [name, there] of Object.entries(features())) {
    expect(told.get(name)).toBe(there ? 'yes' : 'no');
  }
});

test('a binary that does not load: --help works, the rest says why', async () => {
  // No platform of this name has a binary.
  const platform = "Object.defineProperty(process,'platform',{value:'aix'})";
  const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${platform}` };
  await using help = afunix(['--help'], { env });
  await using info = afunix(['info'], { env });

  await help.succeeds();
  expect(await info.ended).toMatchObject({ code: 1 });
  expect(info.stderr).toContain('afunix works on Linux and macOS; this is aix');
});
