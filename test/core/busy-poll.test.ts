// A socket that stays awake for its next message takes nothing from timers, from other sockets, or from
// the end of the process.
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { features, UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import { expect, test as unconditional } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { asModule } from '../helpers/programs.js';

checkDescriptors();

const test = unconditional.runIf(features().busyPoll);

const SECOND = 1_000_000;

/** Handles one message, so that the loop stays awake from here on. */
async function awake(): Promise<AsyncDisposable> {
  const [a, b] = UnixDatagram.pair({ busyPoll: SECOND });
  const handled = new Promise((resolve) => a.onMessages(resolve));
  await b.send('first');
  await handled;
  return {
    async [Symbol.asyncDispose]() {
      await a.close();
      await b.close();
    },
  };
}

/** Whether `promise` is done before the socket that is awake would sleep. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  const start = performance.now();
  const value = await promise;
  expect(performance.now() - start).toBeLessThan(SECOND / 1000);
  return value;
}

test('timers and immediates come when they are due', async () => {
  await using _ = await awake();
  await inTime(delay(5));
  await inTime(new Promise((resolve) => setImmediate(resolve)));
});

test('a message for another socket is handled at once', async () => {
  const [one, other] = UnixSeqpacket.pair();
  await using _ = await awake();
  setTimeout(() => void one.send('x'), 5);
  const message = await inTime(other.receive());
  expect(message?.data.toString()).toBe('x');
  await one.close();
  await other.close();
});

test('what other threads send is handled at once', async () => {
  const worker = new Worker(
    "require('worker_threads').parentPort.on('message', (m) => process.exit())",
    {
      eval: true,
    },
  );
  await new Promise((resolve) => worker.once('online', resolve));
  await using _ = await awake();
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage('go');
  await inTime(exited);
});

test('a socket whose messages never end keeps nobody waiting', async () => {
  const [endless, feeder] = UnixDatagram.pair({ busyPoll: SECOND });
  let came = 0;
  endless.onMessages(() => {
    came++;
    feeder.trySend('another'); // which is there when this one has been served
  });
  await feeder.send('first');
  const [one, other] = UnixSeqpacket.pair();
  for (let round = 0; round < 5; round++) {
    const before = came;
    setTimeout(() => void one.send('x'), 5);
    const message = await inTime(other.receive());
    expect(message?.data.toString()).toBe('x');
    expect(came).toBeGreaterThan(before);
  }
  await Promise.all([endless.close(), feeder.close(), one.close(), other.close()]);
});

test('messages arrive whole and in order, on every type of socket', async () => {
  const [stream, peer] = UnixStream.pair({ busyPoll: 50 });
  for (let n = 0; n < 100; n++) {
    const reading = stream.read();
    setTimeout(() => void peer.write(`${n}`), n % 3);
    expect((await reading)?.toString()).toBe(`${n}`);
  }
  await stream.close();
  await peer.close();
});

test('the process ends when nothing is awaited any more', async () => {
  const script = `
    import { UnixDatagram } from 'afunix';
    const [a, b] = UnixDatagram.pair({ busyPoll: ${SECOND} });
    a.onMessages(() => a.unref());
    await b.send('x');`;
  const start = performance.now();
  execFileSync(process.execPath, [...asModule, script], { timeout: 10_000 });
  expect(performance.now() - start).toBeLessThan(10_000);
});
