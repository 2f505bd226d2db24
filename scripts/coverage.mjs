// How much of lib/ and of src/sys the tests run: npm run coverage. Fails below the floors.
//
//   node scripts/coverage.mjs            runs all tests of both
//   node scripts/coverage.mjs FOLDER     runs those of src/sys; for lib/, what the tests' processes left in
//                                        FOLDER, which was their NODE_V8_COVERAGE
//
// A process that was killed leaves nothing: what runs in such ones alone counts as never run.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv, env, execPath, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mergeProcessCovs } from '@bcoe/v8-coverage';

/** Percent of the lines that tests run at least. */
// Some 40 lines of lib/ run on Bun and Deno alone, and are not counted there.
const floors = { lib: 96.5, 'src/sys': 97 };

const root = fileURLToPath(new URL('..', import.meta.url));
mkdirSync(join(root, 'build'), { recursive: true });
const work = mkdtempSync(join(root, 'build', 'coverage-'));
let failed = false;
try {
  const collected = argv[2] ?? collect();
  check('lib', measureLib(collected));
  check('src/sys', measureSys());
} finally {
  rmSync(work, { recursive: true, force: true });
}
exit(failed ? 1 : 0);

/** Runs the suite. Returns the folder of what its processes left. */
function collect() {
  const folder = join(work, 'v8');
  mkdirSync(folder);
  chmodSync(folder, 0o1777); // some of them are other users'
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(execPath, [vitest, 'run'], {
    cwd: root,
    env: { ...env, NODE_V8_COVERAGE: folder },
    stdio: 'inherit',
  });
  failed ||= status !== 0;
  return folder;
}

/** By the lines of dist/, which are those of lib/ without its types. */
function measureLib(folder) {
  const dist = join(root, 'dist');
  const modules = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'));
  const urls = new Map(modules.map((name) => [pathToFileURL(join(dist, name)).href, name]));
  const parts = readdirSync(folder).map((name) => ({
    result: readEntries(join(folder, name)).filter(({ url }) => urls.has(url)),
  }));
  const functions = new Map(
    mergeProcessCovs(parts).result.map((script) => [urls.get(script.url), script.functions]),
  );
  return modules.map((name) => linesOf(name, join(dist, name), functions.get(name) ?? []));
}

/** The lines of a module, and which of them never ran. */
function linesOf(name, file, functions) {
  const source = readFileSync(file, 'utf8');
  const ran = new Uint8Array(source.length).fill(functions.length > 0 ? 1 : 0);
  // Outer ranges come first. Where a class was never made, V8 has an initializer as long as the class.
  const ranges = functions
    .filter(({ functionName }) => !functionName.endsWith('_initializer>'))
    .flatMap((each) => each.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) {
    ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  const missed = [];
  let total = 0;
  let at = 0;
  for (const [index, line] of source.split('\n').entries()) {
    const begin = at + line.search(/\S|$/);
    at += line.length + 1;
    if (/^\s*($|\/\/|\/?\*|export \{\};|\}|\)|\])/.test(line)) continue; // comments and ends
    total++;
    if (!ran.subarray(begin, at - 1).includes(1)) missed.push(index + 1);
  }
  return { name: `dist/${name}`, lines: { covered: total - missed.length, total }, missed };
}

/** Of one process; none if it was killed while it wrote. */
function readEntries(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).result;
  } catch {
    return [];
  }
}

/** By GCC's gcov: the tests of src/sys alone, without Node.js and without a sanitizer. */
function measureSys() {
  const build = join(work, 'sys');
  const tests = join(root, 'test', 'sys');
  const flags = ['SAN=', 'CXX=g++', 'CXXFLAGS=-g -O0 --coverage'];
  // Relative, for make splits at spaces.
  execFileSync('make', ['-s', '-C', tests, 'run', ...flags, `BUILD=${relative(tests, build)}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const objects = readdirSync(build).filter((name) => name.endsWith('.gcno'));
  const said = execFileSync('gcov', ['--json-format', '--stdout', ...objects], {
    cwd: build,
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  const counts = new Map();
  for (const { file, lines } of said
    .trim()
    .split('\n')
    .flatMap((row) => JSON.parse(row).files)) {
    const name = /src\/sys\/[^/]+$/.exec(file)?.[0];
    if (name === undefined) continue;
    const of = counts.get(name) ?? new Map();
    counts.set(name, of);
    for (const { line_number: line, count } of lines) of.set(line, (of.get(line) ?? 0) + count);
  }
  return Array.from(counts, ([name, of]) => {
    const missed = Array.from(of.keys()).filter((line) => of.get(line) === 0);
    return { name, lines: { covered: of.size - missed.length, total: of.size }, missed };
  });
}

/** Shows what was measured, and fails below the floor. */
function check(part, files) {
  for (const { name, missed } of files) {
    if (missed.length > 0) console.log(`${name}: not run: ${ranges(missed.map(Number))}`);
  }
  const sum = (what) => files.reduce((total, { lines }) => total + lines[what], 0);
  const percent = (100 * sum('covered')) / sum('total');
  console.log(
    `${part}: ${percent.toFixed(1)}% of ${sum('total')} lines, of at least ${floors[part]}%`,
  );
  if (percent >= floors[part]) return;
  console.error(`${part}: too few lines are run by tests`);
  failed = true;
}

/** 1, 2, 3, 7: "1-3, 7". */
function ranges(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const starts = sorted.filter((line) => !sorted.includes(line - 1));
  const ends = sorted.filter((line) => !sorted.includes(line + 1));
  return starts.map((start, i) => (start === ends[i] ? start : `${start}-${ends[i]}`)).join(', ');
}
