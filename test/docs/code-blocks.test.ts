// Every code block of README.md and docs/*.md runs as shown, each by itself. In a comment in front of
// one, or with "every block: " in front of all of a page,
//   <!-- run by test/NAME.test.ts -->   says where else it is run, because it needs others to talk to,
//   <!-- not run: REASON -->            says that it is not, and why: for very few.
// What is said to be printed, `console.log(...); // this`, has to be. Sockets and files in /tmp are made
// in the test's own folder.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { type CodeBlock, codeBlocks, pages } from '../helpers/code-blocks.js';
import { asModule, describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const { scripts } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
const all = pages.flatMap(codeBlocks);
const named = (blocks: readonly CodeBlock[]): [string, CodeBlock][] =>
  blocks.map((block) => [block.name, block]);

const elsewhere = all.filter(({ marker }) => marker?.startsWith('run by '));
const never = all.filter(({ marker }) => marker?.startsWith('not run: '));
const here = all.filter((block) => !elsewhere.includes(block) && !never.includes(block));
const inLanguage = (...names: readonly string[]): [string, CodeBlock][] =>
  named(here.filter(({ language }) => names.includes(language)));

test('blocks are in languages that are run, and nearly all are run', () => {
  const known = ['js', 'ts', 'sh', 'json', 'python', 'go', 'c'];
  const others = here.filter(({ language }) => !known.includes(language));
  expect(others.map(({ name, language }) => `${name} ${language}`)).toEqual([]);
  expect(never.length).toBeLessThanOrEqual(2);
  expect(all.length).toBeGreaterThan(15);
});

test.each(named(elsewhere))('%s is run by the test that it names', (name, { marker }) => {
  const files = marker?.match(/\btest\/[\w/.-]+\.test\.ts/g) ?? [];
  const page = name.replace(/:\d+$/, '');
  expect(files).not.toEqual([]);
  for (const file of files) expect(readFileSync(fromRoot(file), 'utf8')).toContain(page);
});

test('every example has a recipe', () => {
  const files = readdirSync(fromRoot('examples')).filter((name) => name.endsWith('.ts'));
  const recipes = readFileSync(fromRoot('docs/recipes.md'), 'utf8');
  for (const name of files) expect(recipes).toContain(`](../examples/${name})`);
});

/** In the folder of this clone, where its dependencies and `afunix` itself are found. */
const run = (command: string, args: readonly string[]): Child =>
  new Child(command, args, { cwd: fromRoot('.'), timeout: 60_000 });

async function runs(command: string, args: readonly string[], code: string): Promise<void> {
  await using child = run(command, args);
  const lines = (await child.succeeds()).split('\n');
  expect(child.stderr).toBe('');
  for (const [, said] of code.matchAll(
    /(?:console\.log|print|Println)\(.*\);? +(?:\/\/|#) (.*)/g,
  )) {
    expect(lines).toContain(said);
  }
}

const moved = (code: string, scratch: Scratch): string =>
  code.replaceAll('/tmp/', `${scratch.folder}/`);

describe('JavaScript', () => {
  test.each(inLanguage('js', 'ts'))(
    '%s',
    async (_, { code, language }) => {
      using scratch = new Scratch();
      const program =
        language === 'js' ? code : transformSync(code, { loader: 'ts', target: 'node20' }).code;
      const args = [...asModule, moved(program, scratch)];
      await runs(process.execPath, args, code);
    },
    70_000,
  );
});

const npmItself = /^npm (ci|cit|install( -\S+)* \S+)$/;
const long = /^(bench|fuzz|soak|test|docs|compile|prebuild)(:|$)/;

/** Whether a command is only looked at: it installs, takes long, or has a test of its own. */
function onlyLookedAt(command: string): boolean {
  if (npmItself.test(command)) return true;
  const [, script] = /^npm run (?:-s )?(\S+)/.exec(command) ?? [];
  if (script !== undefined && long.test(script)) {
    expect(scripts).toHaveProperty([script]);
    return true;
  }
  const [, example] = /^npx tsx examples\/(\S+)\.ts( [A-Z]+)?$/.exec(command) ?? [];
  if (example === undefined) return false;
  const file = fromRoot(`test/examples/${example}.test.ts`);
  expect(existsSync(file) && readFileSync(file, 'utf8')).toContain(`'${example}'`);
  return true;
}

describe('commands', () => {
  test.each(inLanguage('sh'))(
    '%s',
    async (_, { code }) => {
      using scratch = new Scratch();
      const commands = code
        .replaceAll('\\\n', ' ')
        .split(/\n|&& /)
        .map((line) => line.replace(/ #.*/, '').trim())
        .filter((line) => line !== '' && !onlyLookedAt(line));
      // In the package's own folder npx would build it anew first.
      const command = `'${process.execPath}' '${fromRoot('dist/cli/main.js')}'`;
      const program = moved(commands.join('\n'), scratch).replaceAll('npx afunix', command);
      const shell = ['-euc', program];
      await using child = run('/bin/sh', shell);
      await child.succeeds();
    },
    60_000,
  );
});

/** Blocks that another program runs, from a file with `extension`. */
function describeProgram(
  name: string,
  language: string,
  extension: string,
  args: readonly string[],
): void {
  const blocks = inLanguage(language);
  if (blocks.length === 0) return; // a describe() wants a test
  describeWith(name, programPath(name), (path) => {
    test.each(blocks)(
      '%s',
      async (_, { code }) => {
        using scratch = new Scratch();
        const file = scratch.path(`block.${extension}`);
        writeFileSync(file, moved(code, scratch));
        await runs(path, [...args, file], code);
      },
      120_000,
    );
  });
}

process.env.GO111MODULE = 'off';
process.env.GOCACHE = fromRoot('build/peers/go-cache');
describeProgram('python3', 'python', 'py', []);
describeProgram('python3', 'json', 'json', ['-m', 'json.tool']);
describeProgram('go', 'go', 'go', ['run']);
describeProgram('cc', 'c', 'c', ['-fsyntax-only', '-Wall', '-Werror']);
