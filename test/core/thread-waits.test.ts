// Where the runtime has no loop of libuv's, a thread waits for the sockets. AFUNIX_WAIT=thread has Node.js do so, too.
import { execFile } from 'node:child_process';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { asModule } from '../helpers/programs.js';

const prelude = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { Worker } from 'node:worker_threads';
  import { features, UnixDatagram, UnixStream } from 'afunix';
  const threads = () => readdirSync('/proc/self/task');
`;

/** What the program prints, as JSON. */
async function run(program: string, env: Record<string, string> = {}): Promise<unknown> {
  const { stdout } = await promisify(execFile)(execPath, [...asModule, prelude + program], {
    env: { ...process.env, AFUNIX_WAIT: 'thread', ...env },
    timeout: 15_000,
  });
  return JSON.parse(stdout);
}

test('there is one, from the first wait on, and it takes no signal', async () => {
  const found = await run(`
    const before = threads();
    const pairs = [UnixStream.pair(), UnixStream.pair()];
    const none = threads().length - before.length;
    const received = pairs.map(([, end]) => end.read());
    const made = threads().filter((thread) => !before.includes(thread));
    const blocked = made.map((thread) =>
      readFileSync(\`/proc/self/task/\${thread}/status\`, 'utf8').match(/SigBlk:\\s*(\\w+)/)[1],
    ).map((mask) => (BigInt('0x' + mask) | 0x180000000n).toString(16));
    for (const [end] of pairs) end.write('a');
    const texts = (await Promise.all(received)).map(String);
    for (const end of pairs.flat()) end.close();
    console.log(JSON.stringify({ none, made: made.length, blocked, texts }));
  `);
  // All but SIGKILL and SIGSTOP; the C library has two for itself, 32 and 33.
  expect(found).toEqual({ none: 0, made: 1, blocked: ['fffffffffffbfeff'], texts: ['a', 'a'] });
});

test('it does not keep the process: only what waits, and is referenced, does', async () => {
  const found = await run(`
    const [one, other] = UnixDatagram.pair();
    other.unref();
    other.receive();
    process.on('exit', () => console.log(JSON.stringify('ended')));
  `);
  expect(found).toBe('ended');
});

test('it ends with its worker', async () => {
  const found = await run(`
    const code = \`
      import { parentPort } from 'node:worker_threads';
      import { UnixStream } from 'afunix';
      const [one, other] = UnixStream.pair();
      other.read();
      parentPort.postMessage('waits');
    \`;
    let before;
    for (let i = 0; i < 5; i++) {
      // The first one starts threads of the runtime's own, too.
      if (i === 1) before = threads().length;
      const worker = new Worker(code, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    // One of the runtime's own may end a moment after its worker.
    for (let i = 0; i < 100 && threads().length > before; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(JSON.stringify(threads().length - before));
  `);
  expect(found).toBe(0);
});

test('many sockets that are ready at once: what each queues runs before the next', async () => {
  const found = await run(`
    const order = [];
    const pairs = Array.from({ length: 100 }, () => UnixDatagram.pair());
    const done = pairs.map(async ([, end], i) => {
      await end.receive();
      order.push(i);
      process.nextTick(() => order.push(i));
      await undefined;
      end.close();
    });
    for (const [end] of pairs) end.send('x');
    await Promise.all(done);
    await new Promise(setImmediate);
    const together = order.every((value, i) => i % 2 === 0 ? order[i + 1] === value : true);
    for (const [end] of pairs) end.close();
    console.log(JSON.stringify({ together, count: order.length }));
  `);
  expect(found).toEqual({ together: true, count: 200 });
});

test('busyPoll is refused, for the loop cannot be kept from sleeping', async () => {
  const found = await run(`
    let code;
    try {
      UnixStream.pair({ busyPoll: 10 });
    } catch (error) {
      code = error.code;
    }
    UnixStream.pair({ busyPoll: 0 }).map((end) => end.close());
    console.log(JSON.stringify({ code, busyPoll: features().busyPoll }));
  `);
  expect(found).toEqual({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', busyPoll: false });
  const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
  expect(await run('console.log(features().busyPoll)', { AFUNIX_WAIT: '' })).toBe(isNode);
});
