// What the exchanges share: the errors that may come, what is sent, and the counts of what went wrong.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

/** The codes of errors that may come, and how often each came. */
export const allowed = new Set(process.argv.slice(2));
export const rejected = {};
/** Messages and descriptors that did not arrive, or not as they were sent; for a stream, bytes. */
export const tally = { lost: 0 };

export const folder = mkdtempSync(join(tmpdir(), 'afunix-faults-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
export const files = Array.from({ length: 5 }, (_, i) => {
  writeFileSync(join(folder, `file-${i}`), '');
  return openSync(join(folder, `file-${i}`), 'r');
});
const inodes = files.map((fd) => fstatSync(fd).ino);

/** Where a file cannot be removed it stays, and what is bound next replaces it. */
export const filesStay = /\bunlinkat=EAGAIN/.test(process.env.AFUNIX_FAULTS ?? '');

/** What it is doing: said when it does not come to an end. */
let doing = 'nothing yet';
export function now(what) {
  doing = what;
}

process.on('exit', (code) => {
  if (code !== 0) console.error(`it ended with ${code} at: ${doing}`);
});

/** Ends the process if it hangs: it is killed a little later, without a word. */
export function within(seconds) {
  const end = () => {
    console.error(`still at it after ${seconds} s; open: ${process.getActiveResourcesInfo()}`);
    process.exit(98);
  };
  setTimeout(end, 1000 * seconds).unref();
}

/** Counts an injected error, which must be one that a caller can make something of; throws any other. */
export function expected(error) {
  if (!allowed.has(error.code)) throw error;
  ok(error instanceof Error && error.errno < 0, 'a system error');
  equal(typeof error.syscall, 'string');
  ok(error.message.startsWith(`${error.syscall} ${error.code}`), error.message);
  rejected[error.code] = (rejected[error.code] ?? 0) + 1;
  return error;
}

/** Makes the call until it succeeds. Errors with one of `codes` are nothing to speak of. */
export async function persist(call, codes) {
  for (let tries = 0; tries < 100; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!codes.has(error.code)) expected(error);
    }
  }
  throw new Error('it failed a hundred times');
}

/** Makes the call until it succeeds. */
export const insist = (call) => persist(call, none);
const none = new Set();

/** What was made is closed, whatever became of the rest. */
export async function using(make, use) {
  const made = await insist(make);
  const sockets = [made].flat();
  try {
    return await use(made);
  } finally {
    for (const socket of sockets) await socket.close();
  }
}

/** Message `index`: its number first, of a length of its own, some with descriptors. */
export function messageOf(index, length = 4 + ((index * 7919) % 3000)) {
  const data = Buffer.alloc(length, index);
  data.writeUInt32LE(index);
  const which = index % 7 === 0 ? [index % 5, (index + 1) % 5] : [];
  return { data, inodes: which.map((i) => inodes[i]), fds: which.map((i) => files[i]) };
}

export function take(message, log) {
  equal(message.controlTruncated, false);
  equal(message.truncated, false);
  log.data.push(message.data);
  for (const fd of message.fds) {
    log.inodes.push(fstatSync(fd.fd).ino);
    fd.close();
  }
}

/** Counts what is not in its place. */
function compare(sent, received, same) {
  const length = Math.max(sent.length, received.length);
  let wrong = 0;
  for (let i = 0; i < length; i++) {
    if (i >= sent.length || i >= received.length || !same(sent[i], received[i])) wrong++;
  }
  if (wrong > 0) console.error(`lost ${wrong} of ${sent.length}: ${doing}`);
  tally.lost += wrong;
}

/** Compares what was accepted with what came: once, whole, in order. */
export function came(sent, received, stream) {
  if (stream) {
    compare(Buffer.concat(sent.data), Buffer.concat(received.data), (a, b) => a === b);
  } else {
    compare(sent.data, received.data, (a, b) => a.equals(b));
  }
  compare(sent.inodes, received.inodes, (a, b) => a === b);
}

/** One that is as it should be, or lost. */
export function arrived(got, wanted) {
  try {
    deepEqual(got, wanted);
  } catch {
    const shown = (value) =>
      inspect(value, { breakLength: Number.POSITIVE_INFINITY }).slice(0, 200);
    console.error(`${doing}: ${shown(got)}, instead of ${shown(wanted)}`);
    tally.lost++;
  }
}
