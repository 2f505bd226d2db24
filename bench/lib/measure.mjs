// Plays the rounds of all contenders of a comparison in turn, and compares them pair by pair: what
// disturbs the machine for a while disturbs all of them alike.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pair } from './pair.mjs';
import { spread } from './statistics.mjs';

/**
 * Nanoseconds of rounds that a contender plays before any counts: what is called once for many messages V8 compiles
 * late. On one processor it takes the time from both sides; on two there is another for it.
 */
const WARM_UP = 450_000_000;
const WARM_UP_ON_TWO = 100_000_000;

/**
 * The rounds of each contender, in the order given; for one that cannot run, why.
 * `comparison.fresh`: each round has processes of its own, without a warm-up.
 */
export async function measure(comparison, { processors, rounds, smoke }) {
  const directory = mkdtempSync(join(tmpdir(), 'afunix-bench-'));
  const entries = comparison.contenders.map((contender, index) => ({
    contender,
    rounds: [],
    error: undefined,
    pair: undefined,
    options: {
      size: comparison.size ?? 64,
      count: smoke ? (comparison.smokeCount ?? 50) : comparison.count,
      ...comparison.options,
      ...contender.options,
      path: join(directory, String(index)),
    },
  }));
  try {
    if (!comparison.fresh && !smoke) {
      for (const entry of entries) await warmUp(entry, comparison, processors);
    }
    for (let number = 0; number < rounds; number++) {
      for (const entry of inTurn(entries, number)) await play(entry, comparison, processors);
    }
  } finally {
    for (const { pair } of entries) await pair?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return entries;
}

/**
 * Who goes first, and after whom, changes from round to round; none plays twice in a row. Unpinned, the
 * system puts the second of two such rounds on two processors: it took twice as long, whoever played.
 */
function inTurn(entries, number) {
  if (entries.length < 3) return entries;
  const first = number % entries.length;
  return [...entries.slice(first), ...entries.slice(0, first)];
}

/** Rounds that do not count, until V8 has compiled what they run. C needs only the one that fills the caches. */
async function warmUp(entry, comparison, processors) {
  const { server, client } = processors;
  const enough = server !== undefined && server === client ? WARM_UP : WARM_UP_ON_TWO;
  let time = entry.contender.limit === undefined ? 0 : enough;
  do {
    await play(entry, comparison, processors);
    time += entry.rounds.pop()?.time ?? enough;
  } while (time < enough);
}

async function play(entry, comparison, processors) {
  if (entry.error !== undefined) return;
  try {
    entry.pair ??= await Pair.start(entry.contender, entry.options, processors);
    entry.rounds.push(await entry.pair.round());
    if (!comparison.fresh) return;
    await entry.pair.stop();
    entry.pair = undefined;
    entry.options.path += 'x';
  } catch (error) {
    entry.error = error.message;
  }
}

/** Operations a second of a contender at its top rate. */
export async function topRate({ contender, client }, comparison, { processors, smoke }) {
  const contenders = [{ ...comparison.contenders[contender], client }];
  const rounds = smoke ? 1 : 5;
  const [entry] = await measure({ ...comparison, contenders }, { processors, rounds, smoke });
  if (entry.error !== undefined) throw new Error(entry.error);
  const { median } = spread(entry.rounds.map(({ time }) => time));
  return entry.options.count / (median / 1e9);
}

/** `ours` against `theirs`, round by round, in one metric. */
export function ratio(ours, theirs, metric) {
  const values = ours.rounds.map((round, index) => round[metric] / theirs.rounds[index][metric]);
  return spread(values);
}
