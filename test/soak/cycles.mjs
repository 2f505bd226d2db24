// Open and close cycles in 8 worker threads, each of which is terminated in the middle of one, again and again: after so
// many cycles, not after some time, in which a slow machine would do none.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { part, progress, settings } from './part.mjs';

const { cycles } = settings;
const threads = 8;

let number = 0;
let errors = 0;
/** Cycles done; to stop, 1; cycles that went wrong. */
const shared = new Int32Array(new SharedArrayBuffer(12));

/** A worker that has begun. Terminated while it loads its modules, Node leaves their files open. */
async function start(folder) {
  const own = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { path: `${folder}/${number++}`, shared, own };
  const worker = new Worker(new URL('./cycles-worker.mjs', import.meta.url), { workerData });
  worker.on('error', (error) => {
    if (errors++ < 3) console.error(error);
  });
  // Before it begins: of one that has nothing to do, Node tells both in one go.
  const ended = once(worker, 'exit');
  ended.catch(() => {}); // an error: it is counted, and the wait is over
  await once(worker, 'message');
  return { worker, own, ended };
}

let terminated = 0;

/** One thread after another, each terminated in the middle, until there were enough cycles. */
async function terminateInTurn(folder) {
  for (;;) {
    const { worker, own, ended } = await start(folder);
    let over = false;
    const stop = () => {
      over = true;
    };
    ended.then(stop, stop);
    const life = 1 + ((terminated * 37) % 120);
    while (!over && Atomics.load(own, 0) < life && Atomics.load(shared, 0) < cycles) await sleep(5);
    const done = Atomics.load(shared, 0);
    progress(done / cycles, `${done} cycles, ${terminated} workers terminated`);
    if (done >= cycles) {
      Atomics.store(shared, 1, 1);
      return ended;
    }
    await worker.terminate();
    terminated++;
  }
}

async function cycle(folder) {
  await Promise.all(Array.from({ length: threads }, () => terminateInTurn(folder)));
  const done = Atomics.load(shared, 0).toLocaleString('en');
  return {
    did: `${done} cycles in ${threads} workers, ${terminated} times terminate()`,
    lost: Atomics.load(shared, 2),
    unhandled: errors,
  };
}

// The first worker leaves open what the addon and Node open once for a process.
await part(cycle, async (folder) => {
  await (await start(folder)).worker.terminate();
});
