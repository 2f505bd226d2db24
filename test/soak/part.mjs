// What every part of the soak does: it runs in a process of its own, with settings from its arguments, says how far
// it is on stderr, and prints what it did, and what went wrong, as JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnixStream } from 'afunix';
import { openNow } from '../fixtures/open.mjs';

export const settings = JSON.parse(process.argv[2] ?? '{}');
let unhandled = 0;
const note = (error) => {
  unhandled++;
  if (unhandled <= 3) console.error(error);
};
process.on('unhandledRejection', note);
process.on('uncaughtException', note);

/** How far it is, 0 to 1; shown now and then. */
export function progress(done, text) {
  const now = performance.now();
  if (now - progress.last < 500) return;
  progress.last = now;
  process.stderr.write(`${Math.floor(100 * done)} % ${text}\n`);
}
progress.last = 0;

/** So many descriptors, less some for what else is open; fewer where the system has a limit (ulimit -n). */
export function atMost(descriptors) {
  // Deno's report has no limits.
  const { soft = 'unlimited' } = process.report.getReport().userLimits?.open_files ?? {};
  return soft === 'unlimited' ? descriptors : Math.min(descriptors, soft - 100);
}

/** What the addon and Node open once for a process, when they are first used. */
async function openOnce() {
  process.stderr.write('');
  const [first, second] = UnixStream.pair();
  const reading = first.read();
  await second.write('x');
  await reading;
  await Promise.all([first.close(), second.close()]);
}

/**
 * Runs `body` with a folder for its sockets. It returns what it did, by name, with `lost` (what did not arrive, or
 * not as it was sent) and maybe more `unhandled`. Leaked is what is open after it and was not before, and each file
 * that it left. `warmUp` runs before.
 */
export async function part(body, warmUp = async () => {}) {
  try {
    await run(body, warmUp);
  } catch (error) {
    // Else its servers and workers would keep the process alive, for ever.
    console.error(error);
    process.exit(1);
  }
}

async function run(body, warmUp) {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-soak-'));
  await openOnce();
  await warmUp(folder);
  const before = await openNow();
  const start = performance.now();
  const result = await body(folder);
  const seconds = (performance.now() - start) / 1000;
  let after = await openNow();
  // Sockets whose peers were processes go when the loop has seen them end.
  for (let turn = 0; turn < 1000 && after.descriptors > before.descriptors; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    after = await openNow();
  }
  const files = readdirSync(folder).length;
  rmSync(folder, { recursive: true, force: true });
  const leaked =
    Math.max(0, after.descriptors - before.descriptors) +
    Math.max(0, after.handles.length - before.handles.length) +
    files;
  console.log(
    JSON.stringify({ ...result, unhandled: unhandled + (result.unhandled ?? 0), leaked, seconds }),
  );
}

/** The other side: a program of this folder, and what it printed, as JSON, when it has ended well. */
export async function helper(name, ...args) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [path, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data) => {
    text += data;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** Echoes what comes until its end. */
export async function echo(stream) {
  for await (const data of stream) await stream.write(data);
  await stream.close();
}
