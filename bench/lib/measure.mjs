// Plays the rounds of all contenders of a comparison in turn, and compares them pair by pair, so that a disturbance of
// the machine meets all of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launcher, startNeighbours } from './modes.mjs';
import { Pair } from './pair.mjs';
import { spread } from './statistics.mjs';

/** Rounds that do not count: V8 compiles some functions after 15,000 operations only. */
const WARM_UP = 5;

/**
 * Returns an entry with the rounds of each contender, or with the error of one that cannot run.
 * `comparison.fresh`: each round has processes of its own, and no warm-up.
 */
export async function measure(comparison, { mode, rounds, smoke }) {
  const directory = mkdtempSync(join(tmpdir(), 'afunix-bench-'));
  const launch = launcher(comparison, mode);
  const contenders = comparison.contenders.flatMap((contender) =>
    contender.relativeTo === undefined ? [contender] : [contender, contender.relativeTo],
  );
  const entries = contenders.map((contender, index) => ({
    contender,
    launch,
    rounds: [],
    error: undefined,
    pair: undefined,
    options: {
      size: comparison.size ?? 64,
      count: smoke ? 50 : comparison.count,
      ...comparison.options,
      ...contender.options,
      path: join(directory, String(index)),
    },
  }));
  const stopNeighbours = startNeighbours(mode);
  try {
    if (!comparison.fresh && !smoke) for (const entry of entries) await warmUp(entry);
    for (let number = 0; number < rounds; number++) {
      for (const entry of inTurn(entries, number)) await play(entry, comparison.fresh);
    }
  } finally {
    stopNeighbours();
    for (const { pair } of entries) await pair?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return entries;
}

/** Changes the order from round to round, such that no contender plays twice in a row. */
function inTurn(entries, number) {
  if (entries.length < 3) return entries;
  const first = number % entries.length;
  return [...entries.slice(first), ...entries.slice(0, first)];
}

/** Plays rounds that do not count. A program in C needs only one, which fills the caches. */
async function warmUp(entry) {
  for (let left = entry.contender.limit ? 1 : WARM_UP; left > 0; left--) await play(entry, false);
  entry.rounds = [];
}

async function play(entry, fresh) {
  if (entry.error !== undefined) return;
  try {
    entry.pair ??= await Pair.start(entry.contender, entry.options, entry.launch);
    entry.rounds.push(await entry.pair.round());
    if (!fresh) return;
    await entry.pair.stop();
    entry.pair = undefined;
    entry.options.path += 'x';
  } catch (error) {
    entry.error = error.message;
  }
}

/** Returns the operations a second of a contender at its top rate, with `client` to load it. */
export async function topRate(contender, client, comparison, how) {
  const contenders = [{ ...contender, client }];
  const [entry] = await measure({ ...comparison, contenders }, how);
  if (entry.error !== undefined) throw new Error(entry.error);
  const { median } = spread(entry.rounds.map(({ wall }) => wall));
  return entry.options.count / (median / 1e9);
}

/** Finds what a contender took in `metric`, round by round: what it measured, or the ratio to what it is relative to. */
function valuesOf(entries, contender, metric) {
  const { rounds } = entries.find((entry) => entry.contender === contender);
  if (contender.relativeTo === undefined) return rounds.map((round) => round[metric]);
  const base = valuesOf(entries, contender.relativeTo, metric);
  return rounds.map((round, index) => round[metric] / base[index]);
}

/** Compares two contenders in one metric, round by round. */
export function ratio(entries, ours, theirs, metric) {
  const divisors = valuesOf(entries, theirs, metric);
  return spread(valuesOf(entries, ours, metric).map((value, index) => value / divisors[index]));
}
