// npm run bench:counts [-- DIR]: counts the instructions outside the kernel of each side for a round trip, by callgrind
// (valgrind); with DIR also those of another built tree of this package. What else runs hardly matters.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cases } from './cases.mjs';
import { launcher } from './lib/modes.mjs';
import { Pair } from './lib/pair.mjs';

/** Round trips of a round. */
const COUNT = 1000;
/** Rounds that do not count, until V8 has compiled what it will, and those that do. */
const WARM = 100;
const COUNTED = 100;

const base = process.argv[2];
const work = mkdtempSync(join(tmpdir(), 'afunix-counts-'));
const file = join(work, 'out');
const callgrind = ['--tool=callgrind', '--smc-check=all-non-file', `--callgrind-out-file=${file}`];
// On one processor the peer has answered when the client looks: whether it waits is no matter of chance.
const pinned = launcher({ realTime: false }, 'pinned');
const counting = [...pinned, 'valgrind', ...callgrind];

/** Returns the instructions that `side` takes for a round trip. */
async function instructions(contender, side) {
  const flags = ['--single-threaded']; // no other thread's
  const path = join(mkdtempSync(join(work, 's')), 's');
  const options = { ...contender.options, path, size: 64, count: COUNT };
  const [server, client] = side === 'server' ? [counting, pinned] : [pinned, counting];
  const pair = await Pair.start({ ...contender, flags }, options, server, client);
  try {
    const pid = String(pair.pids[side]);
    for (let left = WARM; left > 0; left--) await pair.round();
    execFileSync('callgrind_control', ['--zero', pid], { stdio: 'ignore' });
    for (let left = COUNTED; left > 0; left--) await pair.round();
    execFileSync('callgrind_control', ['--dump', pid], { stdio: 'ignore' });
  } finally {
    await pair.stop();
  }
  return Number(/^totals: (\d+)/m.exec(readFileSync(`${file}.1`, 'utf8'))[1]) / (COUNT * COUNTED);
}

// node-unix-socket's threads do not start with the flag.
const trips = [...cases.datagram, ...cases.seqpacket, ...cases.stream]
  .filter(({ title, fresh }) => title.startsWith('round trip 64 B') && !fresh)
  .flatMap(({ title, contenders }) => contenders.map((contender) => ({ title, contender })))
  .filter(({ contender: { limit, name } }) => limit === undefined && name !== 'node-unix-socket');

console.log('| round trip | of | client | server |\n|---|---|---|---|');
try {
  for (const { title, contender } of trips) {
    const ours = contender.name.startsWith('afunix');
    for (const root of ours && base !== undefined ? [undefined, resolve(base)] : [undefined]) {
      const tree = { ...contender, root };
      const counts = [await instructions(tree, 'client'), await instructions(tree, 'server')];
      const name = root === undefined ? contender.module : `${contender.module} of ${base}`;
      console.log(`| ${title} | ${name} | ${counts.map(Math.round).join(' | ')} |`);
    }
  }
} finally {
  rmSync(work, { recursive: true });
}
