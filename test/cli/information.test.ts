// --help, --version and info.
import { existsSync, readFileSync } from 'node:fs';
import { features } from 'afunix';
import { expect, test } from 'vitest';
import { afunix } from '../helpers/command.js';
import { fromRoot } from '../helpers/programs.js';

const { version, bin, man } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));

test('the command is the one that package.json names', () => {
  expect(bin).toEqual({ afunix: 'dist/cli/main.js' });
  expect(readFileSync(fromRoot(bin.afunix), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test.each([[['--version']], [['-v']], [['send', '--version']]])('%j', async (args) => {
  await using child = afunix(args);
  expect(await child.succeeds()).toBe(`${version}\n`);
});

test.each([
  { args: ['--help'], words: ['listen ADDRESS', 'send ADDRESS [DATA]', 'info', '@NAME'] },
  { args: ['-h'], words: ['listen ADDRESS'] },
  { args: ['listen', '--help'], words: ['-x, --hex', '-m, --mode MODE', '-h, --help'] },
])('$args', async ({ args, words }) => {
  await using child = afunix(args);
  const text = await child.succeeds();
  for (const word of [...words, 'Exit code']) expect(text).toContain(word);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('the man page has every command, and each of its options', async () => {
  const page = readFileSync(fromRoot(man), 'utf8').replaceAll('\\-', '-');
  const { commands } = await import(fromRoot('dist/cli/commands.js'));
  const { manPage } = await import(fromRoot('dist/cli/man.js'));
  expect(manPage().replaceAll('\\-', '-')).toBe(page);
  expect(commands.length).toBeGreaterThan(5);
  for (const { name, options } of commands) {
    const [, section = ''] = page.split(new RegExp(`^\\.SS "afunix ${name}\\b.*$`, 'm'));
    for (const option of options) expect(section.split('.SS')[0]).toContain(`--${option}"`);
  }
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
  const env = { ...process.env, NODE_OPTIONS: '--no-addons' };
  await using help = afunix(['--help'], { env });
  await using info = afunix(['info'], { env });

  await help.succeeds();
  expect(await info.ended).toMatchObject({ code: 1 });
  expect(info.stderr).toContain('This process may not load addons');
});

test('info --json: the same, for programs', async () => {
  await using child = afunix(['info', '--json']);
  const found = JSON.parse(await child.succeeds());
  expect(Object.keys(found)).toEqual(['afunix', 'binary', 'system', 'node', 'napi', 'features']);
  expect(found).toMatchObject({ node: process.version, features: features() });
});
