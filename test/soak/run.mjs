// npm run soak [-- options] [part...]: load, for long. Fails if anything is lost, leaked or unhandled, or if memory
// grows.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runGroup } from '../helpers/process-group.mjs';

const full = {
  connections: { connections: 10_000, seconds: 60 },
  datagrams: { messages: 1_000_000 },
  cycles: { cycles: 100_000 },
  leavers: { times: 100_000 },
  // Memory is flat to 1 % after warm-up.
  mixed: { seconds: 600, warmUp: 120, growth: 0.01 },
};
const short = {
  connections: { connections: 4000, seconds: 15 },
  datagrams: { messages: 1_000_000 },
  cycles: { cycles: 10_000 },
  leavers: { times: 10_000 },
  // Half a minute says nothing of 1 %: on a busy machine the heap still grows to its size, 110 MB. This is
  // only for a leak of some hundred bytes an exchange.
  mixed: { seconds: 30, warmUp: 15, growth: 0.5 },
};
/** Seconds: without any progress, and for a part in all. On a machine so slow nothing is shown of load. */
const STALL = 120;
const limit = { short: 600, full: 3600 };
const usage = `npm run soak [-- options] [part...]
parts: ${Object.keys(full).join(', ')} (default: all)
  --short     about 90 seconds, instead of some fifteen minutes
  --publish   the figures go to docs/reliability.md, too`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean' },
    publish: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(full, name));
if (values.help || unknown.length > 0) {
  console.log(unknown.length > 0 ? `no such part: ${unknown.join(', ')}\n${usage}` : usage);
  process.exit(unknown.length > 0 ? 2 : 0);
}

/** The last line that says how far it is; on a terminal one line, else one every 10 seconds. */
class Progress {
  #last = Number.NEGATIVE_INFINITY;

  show(text) {
    const terminal = process.stderr.isTTY;
    if (!terminal && performance.now() - this.#last < 10_000) return;
    this.#last = performance.now();
    process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  }

  clear() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

async function run(name, settings) {
  const path = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const progress = new Progress();
  progress.show(name);
  let stdout = '';
  let said = 'nothing';
  let when = performance.now();
  const heard = (text, stream) => {
    if (stream === 'stdout') {
      stdout += text;
      return;
    }
    for (const line of text.split('\n').filter(Boolean)) {
      if (line !== said) when = performance.now();
      said = line;
      if (/^\d+ % /.test(line)) progress.show(`${name}: ${line}`);
      else console.error(`${name}: ${line}`);
    }
  };
  const most = values.short ? limit.short : limit.full;
  const late = (seconds) => {
    if (performance.now() - when > 1000 * STALL) return `no progress for ${STALL} s`;
    return seconds > most ? `not done after ${most} s` : undefined;
  };
  const args = ['--expose-gc', path, JSON.stringify(settings)];
  const { code, signal, reason } = await runGroup(process.execPath, args, heard, late);
  progress.clear();
  if (code === 0) return { name, ...JSON.parse(stdout) };
  const did = `ended with ${code ?? signal}${reason === undefined ? '' : `: ${reason}; it said: ${said}`}`;
  return { name, did, died: true };
}

const results = [];
for (const [name, settings] of Object.entries(values.short ? short : full)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  results.push(await run(name, settings));
}

const failed = ({ died, lost, leaked, unhandled, grew }) =>
  died || grew || lost !== 0 || leaked !== 0 || unhandled !== 0;
const rows = results.map((result) => [
  result.name,
  result.did,
  result.lost,
  result.leaked,
  result.unhandled,
  result.memory,
  result.seconds?.toFixed(0),
]);
const table = [
  ['part', 'done', 'lost', 'leaked', 'unhandled', 'memory', 'seconds'],
  Array(7).fill('---'),
  ...rows,
]
  .map((row) => `| ${row.map((cell) => cell ?? '').join(' | ')} |`)
  .join('\n');
console.log(table);
const bad = results.filter(failed);
if (bad.length > 0) console.log(`FAILED: ${bad.map(({ name }) => name).join(', ')}`);

if (values.publish) {
  const path = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
  const where = `Node.js ${process.versions.node}, Linux ${release().split('-')[0]}, ${cpus().length} processors (${cpus()[0]?.model.trim()})`;
  const text = readFileSync(path, 'utf8').replace(
    /<!-- soak -->[\s\S]*<!-- \/soak -->/,
    `<!-- soak -->\n${where}:\n\n${table}\n<!-- /soak -->`,
  );
  writeFileSync(path, text);
}
process.exitCode = bad.length > 0 ? 1 : 0;
