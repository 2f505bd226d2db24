// npm run bench [-- options] [case...]: measures afunix beside its peers and the C limit.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { buildLimit } from './lib/limit.mjs';
import { measure, ratio, topRate } from './lib/measure.mjs';
import { isRealTime, modes, realTimeAllowed } from './lib/modes.mjs';
import { picture } from './lib/picture.mjs';
import { table, withSummary } from './lib/table.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const usage = `npm run bench [-- options] [case...]
cases: ${Object.keys(cases).join(', ')} (default: all)
  --smoke       one short round of each, in one mode: that it works, not how fast
  --rounds N    rounds of each contender (default 5)
  --only TEXT   comparisons whose title holds TEXT
  --mode MODE   only pinned (both sides on one processor), unpinned, or busy (unpinned, and
                each processor has a neighbour that never sleeps)
  --base DIR    also against another built tree of this package
  --publish     the result goes to docs/, too`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean' },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
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
const unknown = [
  ...positionals.filter((name) => !Object.hasOwn(cases, name)),
  ...[values.mode ?? modes[0]].filter((mode) => !modes.includes(mode)),
];
if (unknown.length > 0) {
  console.error(`no such case or mode: ${unknown.join(', ')}\n${usage}`);
  process.exit(2);
}

install();
buildLimit();
const rows = [];
const failures = new Set();
const start = performance.now();
const seconds = () => Math.round((performance.now() - start) / 1000);
const plan = planned();
for (const [index, { name, comparison, mode }] of plan.entries()) {
  progress(`${index + 1}/${plan.length}, ${seconds()} s: ${name}, ${comparison.title}, ${mode}`);
  await compare(name, comparison, mode);
}
progress('');
report();

/** Installs the peers, if they are not there yet. A peer that does not build on this Node is left out. */
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

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}

/** Lists what to play: each comparison in each of its modes; as a smoke test, in one of them. */
function planned() {
  const names = positionals.length > 0 ? positionals : Object.keys(cases);
  return names
    .flatMap((name) => cases[name].map((comparison) => ({ name, comparison })))
    .filter(({ comparison }) => comparison.title.includes(values.only))
    .flatMap(({ name, comparison }, index) => {
      const wanted = (comparison.modes ?? modes).filter((mode) => mode === (values.mode ?? mode));
      const played = values.smoke ? wanted.slice(index % wanted.length).slice(0, 1) : wanted;
      return played.map((mode) => ({ name, comparison, mode }));
    });
}

async function compare(name, comparison, mode) {
  const [ours, ...others] = comparison.contenders;
  if (values.base !== undefined) others.push(basedOn(ours, resolve(values.base)));
  const contenders = [ours, ...others].filter((contender) => missing(contender) === undefined);
  const rounds = values.smoke ? 1 : Number(values.rounds ?? comparison.rounds ?? 5);
  const how = { mode, rounds, smoke: values.smoke };
  const options = {};
  if (comparison.saturate !== undefined) {
    const rate = await topRate(contenders[1], comparison.saturate, comparison, how);
    options.rate = Math.round(rate / 2);
  }
  const entries = await measure({ ...comparison, options, contenders }, how);
  for (const { error } of entries) if (error !== undefined) failures.add(error);
  const entryOf = (contender) => entries.find((entry) => entry.contender === contender);
  const problem = (contender) =>
    contender && (missing(contender) ?? entryOf(contender).error ?? problem(contender.relativeTo));
  for (const theirs of others) {
    const row = {
      case: name,
      title: comparison.title,
      mode,
      realTime: isRealTime(comparison, mode),
      against: theirs.name,
      target: values.smoke ? undefined : targetOf(theirs, mode),
    };
    const skipped = problem(ours) ?? problem(theirs);
    for (const figure of comparison.measure ?? ['cpu']) {
      rows.push({
        ...row,
        measure: figure,
        ...(skipped === undefined
          ? {
              ratio: ratio(entries, ours, theirs, figure),
              cpu: ratio(entries, ours, theirs, 'cpu'),
              wall: ratio(entries, ours, theirs, 'wall'),
              operations: entryOf(ours).options.count,
              ours: entryOf(ours).rounds,
              theirs: entryOf(theirs).rounds,
            }
          : { skipped }),
      });
    }
  }
}

/** Returns a contender that plays as `contender` does, with the package at `root`. */
function basedOn(contender, root) {
  return {
    ...contender,
    name: 'base',
    root,
    target: undefined,
    relativeTo: contender.relativeTo && { ...contender.relativeTo, root },
  };
}

/** One target is for the modes that leave the machine to us. */
function targetOf({ target }, mode) {
  if (typeof target === 'object') return target[mode];
  return mode === 'busy' ? undefined : target;
}

/** Returns why a contender cannot run here, if it cannot. */
function missing({ needs }) {
  try {
    if (needs !== undefined) createRequire(import.meta.url)(needs);
    return undefined;
  } catch {
    return `${needs} does not install on Node ${process.version}`;
  }
}

function report() {
  const machine = {
    node: process.version,
    kernel: release(),
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    date: new Date().toISOString().slice(0, 10),
    scheduler: realTimeAllowed
      ? 'real-time policy (SCHED_RR) but for busy, latency and sockets'
      : 'real-time policy not permitted: ordinary scheduler',
  };
  console.log(table(rows));
  console.log(
    '\nratio: ours / theirs, below 1 is better; median of the rounds, spread from quartile to quartile; ' +
      'cpu: processor time of both sides, wall: time of the clock; microseconds an operation: cpu / wall\n' +
      `${Object.values(machine).join(', ')}; ${seconds()} s`,
  );
  const files = [`${here}build/result`, ...(values.publish ? [`${here}../docs/performance`] : [])];
  for (const file of files) {
    mkdirSync(`${here}build`, { recursive: true });
    writeFileSync(`${file}.json`, `${JSON.stringify({ machine, rows }, null, 1)}\n`);
    writeFileSync(`${file}.svg`, picture(rows, machine));
  }
  if (values.publish) {
    const page = `${here}../docs/performance.md`;
    writeFileSync(page, withSummary(readFileSync(page, 'utf8'), rows, modes));
  }
  console.log('bench/build/result.json, bench/build/result.svg');
  if (failures.size > 0) {
    console.error(`\n${[...failures].join('\n')}`);
    process.exitCode = 1;
  }
}
