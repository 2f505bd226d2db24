// The command, or socat in its place: `count` times `size` bytes, and that `times`, through `way`, 'send' or 'relay', to
// a reader of this process. The harness's server stays idle. The clock runs from the first byte that arrives to the last;
// `peak` is the most memory that the program had.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from '../afunix.mjs';

const { UnixListener, UnixStream } = await load('index');
const root = process.env.AFUNIX_BENCH_ROOT ?? fileURLToPath(new URL('../..', import.meta.url));
const command = [process.execPath, `${root}/dist/cli/main.js`];
const programs = {
  afunix: {
    send: (to) => [...command, 'send', '-q', to],
    relay: (at, to) => [...command, 'relay', '-q', at, to],
  },
  socat: {
    send: (to) => ['socat', '-u', '-', `UNIX-CONNECT:${to}`],
    relay: (at, to) => ['socat', `UNIX-LISTEN:${at},fork`, `UNIX-CONNECT:${to}`],
  },
};

export function server() {}

export async function client({ path, size, count, times, way, program }) {
  const bytes = size * count * times;
  const listener = await UnixListener.bind(path);
  const front = `${path}-front`;
  const relay =
    way === 'relay' && (await start(programs[program].relay(front, path), ['ignore', 'ignore']));
  return async () => {
    const zeros = await start(['head', '-c', `${bytes}`, '/dev/zero'], ['ignore', 'pipe']);
    if (relay) void feed(zeros.stdout, await connected(front));
    const child = relay || (await start(programs[program].send(path), [zeros.stdout, 'ignore']));
    const stream = await listener.accept();
    const measured = await drain(stream, bytes, child.pid);
    await stream.close();
    return measured;
  };
}

/** Starts a program. The harness ends it with this process. */
async function start([file, ...args], stdio) {
  const child = spawn(file, args, { stdio: [...stdio, 'inherit'] });
  await once(child, 'spawn');
  return child;
}

async function connected(front) {
  for (;;) {
    try {
      return await UnixStream.connect(front);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10)); // it is starting
    }
  }
}

async function feed(source, stream) {
  for await (const chunk of source) await stream.write(chunk);
  await stream.close();
}

/** So many bytes before the end the program is still there. */
const TAIL = 1 << 20;

/** Reads so many bytes. Resolves with the nanoseconds from the first to the last, and with the peak of the program. */
async function drain(stream, bytes, pid) {
  const buffer = Buffer.alloc(65_536);
  let left = bytes - ((await stream.read(buffer))?.length ?? 0);
  let peak;
  const begin = process.hrtime.bigint();
  while (left > 0) {
    const view = await stream.read(buffer);
    if (view === null) throw new Error(`${left} bytes are missing`);
    left -= view.length;
    if (left <= TAIL) peak ??= peakOf(pid);
  }
  return { wall: Number(process.hrtime.bigint() - begin), peak };
}

/** Returns the bytes that were resident at most. socat forks for each connection: its children count, too. */
function peakOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  const kilobytes = [pid, ...children.filter(Boolean)].map((each) =>
    Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))[1]),
  );
  return 1024 * kilobytes.reduce((sum, each) => sum + each);
}
