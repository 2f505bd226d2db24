// The fuzzers, each in processes of its own, two at a time:
//
//   npm run fuzz [-- --minutes N | --seconds N] [--only NAME,...] [--seed S]
//
// Each runs for N minutes (1): first on what found something once (seeds.json and native/corpus),
// then on new seeds, 20 seconds each. The native ones need clang.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runGroup } from '../helpers/process-group.mjs';

const AT_A_TIME = 2;
const SLICE = 20;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    only: { type: 'string', default: 'control,address,batch,api,raw' },
    seed: { type: 'string' },
  },
});
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const seconds = values.seconds === undefined ? 60 * values.minutes : Number(values.seconds);
const kept = JSON.parse(readFileSync(path('seeds.json'), 'utf8'));
const built = path('../../build/fuzz');

/** In the process of a JavaScript fuzzer. */
const javascript = (name) => ({
  seeds: kept[name],
  command: (seed, time) => [process.execPath, path(`${name}.mjs`), seed, Math.ceil(1000 * time)],
  summary: (output) => output.trim(),
  keep: 'add the seed to test/fuzz/seeds.json',
});

/** In that of a libFuzzer. */
const native = (name) => ({
  seeds: [],
  command(seed, time) {
    const found = `${built}/corpus/${name}`;
    mkdirSync(found, { recursive: true });
    const options = [`-seed=${seed}`, `-max_total_time=${Math.ceil(time)}`, '-max_len=2000'];
    options.push(`-artifact_prefix=${built}/${name}-`, '-use_value_profile=1');
    return [`${built}/${name}_fuzzer`, ...options, found, path(`native/corpus/${name}`)];
  },
  summary(output) {
    const [, runs] = /^Done (\d+) runs/m.exec(output) ?? [];
    const [, coverage] = /.*cov: (\d+)/s.exec(output) ?? [];
    return `${runs} inputs, coverage ${coverage}`;
  },
  keep: `add the input it wrote to test/fuzz/native/corpus/${name}`,
});

const fuzzers = {
  control: native('control'),
  address: native('address'),
  batch: native('batch'),
  api: javascript('api'),
  raw: javascript('raw'),
};

const failures = [];

/** One process. A fuzzer that hangs is killed, a minute late. */
async function run(name, seed, time) {
  const { command, summary, keep } = fuzzers[name];
  const [program, ...args] = command(seed, time).map(String);
  let output = '';
  const heard = (text) => {
    output += text;
  };
  const late = (passed) => (passed > time + 60 ? 'it did not end' : undefined);
  const { code, signal, reason } = await runGroup(program, args, heard, late);
  const outcome = reason ?? signal ?? code;
  if (outcome === 0) {
    console.log(`${name}, seed ${seed}: ${summary(output)}`);
    return true;
  }
  failures.push(name);
  console.error(`${name}, seed ${seed}: ended with ${outcome}\n${output}`);
  console.error(`when the error is fixed, ${keep}`);
  return false;
}

async function fuzz(name) {
  if (values.seed !== undefined) return run(name, Number(values.seed), seconds);
  const end = performance.now() + 1000 * seconds;
  const { seeds } = fuzzers[name];
  for (const seed of seeds) {
    if (!(await run(name, seed, Math.min(2, seconds / 2 / seeds.length)))) return;
  }
  for (let left = seconds; left > 0.5; left = (end - performance.now()) / 1000) {
    const seed = Math.floor(Math.random() * 2 ** 31);
    if (!(await run(name, seed, Math.min(left, SLICE)))) return;
  }
}

const names = values.only.split(',');
if (names.some((name) => fuzzers[name].command === undefined)) throw new Error('no such fuzzer');
if (names.some((name) => fuzzers[name].seeds.length === 0)) {
  const options = { stdio: 'inherit', timeout: 900_000 };
  const { status, error } = spawnSync('make', ['-s', '-C', path('native')], options);
  if (error !== undefined) console.error(error.message);
  if (status !== 0) process.exit(1);
}
const waiting = [...names];
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await fuzz(name);
  }),
);
if (failures.length > 0) {
  console.error(`failed: ${failures.join(', ')}`);
  process.exit(1);
}
