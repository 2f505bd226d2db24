// npm run bench [-- options] [case...]: measures afunix beside its peers and the C limit.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases } from './cases/index.mjs';
import { buildLimit } from './lib/limit.mjs';
import { measure, ratio, topRate } from './lib/measure.mjs';
import { picture } from './lib/picture.mjs';
import { table } from './lib/table.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const usage = `npm run bench [-- options] [case...]
cases: ${cases.map(({ name }) => name).join(', ')} (default: all)
  --smoke       one short round of each: that it works, not how fast
  --rounds N    rounds of each contender (default 5)
  --only TEXT   comparisons whose title holds TEXT
  --mode MODE   only pinned (both sides on one processor), unpinned, or apart (on two)
  --base DIR    also against another built tree of this package
  --publish     the result goes to docs/, too`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    mode: { type: 'string' },
    base: { type: 'string' },
    publish: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}
const unknown = positionals.filter((name) => !cases.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(`no such case: ${unknown.join(', ')}\n${usage}`);
  process.exit(2);
}

install();
buildLimit();
const rows = [];
const failures = [];
const progress = (text) =>
  process.stderr.isTTY
    ? process.stderr.write(`\r\x1b[K${text}`)
    : process.stderr.write(text ? `${text}\n` : '');
const start = performance.now();
for (const one of cases) {
  if (positionals.length > 0 && !positionals.includes(one.name)) continue;
  for (const comparison of one.comparisons) {
    if (values.only !== undefined && !comparison.title.includes(values.only)) continue;
    for (const mode of modesOf(comparison)) await compare(one, comparison, mode);
  }
}
progress('');
report();

/** The peers, if they are not there yet. One that does not build on this Node is left out. */
function install() {
  if (existsSync(`${here}node_modules`)) return;
  console.error('installing the packages to compare with (bench/package.json)');
  // Not `npm ci`: it refuses the lock file of node-unix-socket, which names packages of its own for
  // other systems that were never published.
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: ['ignore', 2, 2],
  });
}

function modesOf(comparison) {
  const modes = comparison.modes ?? ['pinned', 'unpinned'];
  return values.mode === undefined ? modes : modes.filter((mode) => mode === values.mode);
}

async function compare(one, comparison, mode) {
  const contenders = [...comparison.contenders];
  if (values.base !== undefined) {
    const root = resolve(values.base);
    contenders.push({ ...contenders[0], name: 'base', root });
  }
  const available = contenders.map((contender) => ({ contender, missing: missing(contender) }));
  const rounds = values.smoke ? 1 : Number(values.rounds ?? comparison.rounds ?? 5);
  progress(`${one.name}: ${comparison.title}, ${mode}`);
  const played = available.filter((entry) => entry.missing === undefined);
  const how = { processors: processors(mode), rounds, smoke: values.smoke };
  const options = { ...comparison.options };
  if (comparison.saturate !== undefined && played.length === available.length) {
    options.rate = Math.round((await topRate(comparison.saturate, comparison, how)) / 2);
  }
  const entries = await measure(
    { ...comparison, options, contenders: played.map(({ contender }) => contender) },
    how,
  );
  const entryOf = (contender) => entries.find((entry) => entry.contender === contender);
  const [first, ...others] = available;
  const ours = entryOf(first.contender);
  const row = { case: one.name, title: comparison.title, mode };
  for (const { contender, missing } of others) {
    const theirs = entryOf(contender);
    const skipped = first.missing ?? missing ?? ours.error ?? theirs.error;
    const aimed = !values.smoke && mode === (comparison.targetMode ?? 'pinned');
    const target = aimed ? contender.target : undefined;
    if (skipped !== undefined) {
      rows.push({ ...row, against: contender.name, target, skipped });
      if ((ours?.error ?? theirs?.error) !== undefined) failures.push(skipped);
      continue;
    }
    for (const [metric, label] of Object.entries(comparison.metrics ?? { time: '' })) {
      rows.push({
        ...row,
        title: label === '' ? comparison.title : `${comparison.title}, ${label}`,
        against: contender.name,
        target:
          comparison.targetMetric === undefined || comparison.targetMetric === metric
            ? target
            : undefined,
        ratio: ratio(ours, theirs, metric),
        cpu: ratio(ours, theirs, 'cpu'),
        ours: ours.rounds,
        theirs: theirs.rounds,
      });
    }
  }
}

/** Why a contender cannot run here, if it cannot. */
function missing(contender) {
  const { needs, exports } = contender;
  if (exports !== undefined && !existsSync(`${here}../dist/${exports}.js`))
    return `no afunix/${exports} yet`;
  if (needs === undefined) return undefined;
  try {
    createRequire(import.meta.url)(needs);
    return undefined;
  } catch {
    return `${needs} does not install on Node ${process.version}`;
  }
}

/** 'pinned': both sides on one processor; 'apart': on two; 'unpinned': where the system puts them. */
function processors(mode) {
  const allowed = /Cpus_allowed_list:\s*(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  const all = allowed.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  // The last: on the first the system's own work tends to be.
  if (mode === 'pinned') return { server: all.at(-1), client: all.at(-1) };
  if (mode === 'apart') return { server: all.at(-1), client: all.at(-2) ?? all.at(-1) };
  return {};
}

function report() {
  const machine = {
    node: process.version,
    kernel: release(),
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    date: new Date().toISOString().slice(0, 10),
  };
  console.log(table(rows));
  console.log(
    '\nratios: ours / theirs, below 1 is better; median of the rounds, spread from quartile to quartile; ' +
      `cpu: processor time of both sides\n${Object.values(machine).join(', ')}; ` +
      `${Math.round((performance.now() - start) / 1000)} s`,
  );
  const files = values.publish
    ? [`${here}build/result`, `${here}../docs/performance`]
    : [`${here}build/result`];
  mkdirSync(`${here}build`, { recursive: true });
  for (const file of files) {
    writeFileSync(`${file}.json`, `${JSON.stringify({ machine, rows }, null, 1)}\n`);
    writeFileSync(`${file}.svg`, picture(rows, machine));
  }
  console.log('bench/build/result.json, bench/build/result.svg');
  if (failures.length > 0) {
    console.error(`\n${[...new Set(failures)].join('\n')}`);
    process.exitCode = 1;
  }
}
