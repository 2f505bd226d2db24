// The fuzzers, each in a process of its own: npm run fuzz [-- --minutes N | --seconds N] [--seed S].
// First the seeds that found something once (seeds.json), then new ones, 20 seconds each.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
  },
});
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const total = values.seconds === undefined ? 60 * values.minutes : Number(values.seconds);
const end = performance.now() + 1000 * total;
const kept = JSON.parse(readFileSync(path('seeds.json'), 'utf8'));

function run(seed, seconds) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [path('api.mjs'), String(seed), String(1000 * seconds)],
    { encoding: 'utf8' },
  );
  if (status === 0) {
    console.log(`seed ${seed}: ${stdout.trim()}`);
    return;
  }
  console.error(`seed ${seed}: ${signal ?? `exit ${status}`}\n${stdout}${stderr}`);
  console.error('add the seed to test/fuzz/seeds.json when the error is fixed');
  process.exit(1);
}

if (values.seed !== undefined) {
  run(Number(values.seed), total);
} else {
  for (const seed of kept) run(seed, Math.min(2, total / 2 / kept.length));
  for (let left = total; left > 0; left = (end - performance.now()) / 1000) {
    run(Math.floor(Math.random() * 2 ** 31), Math.min(left, 20));
  }
}
