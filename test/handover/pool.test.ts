// A pool of worker processes, some of which are killed.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { UnixListener } from 'afunix';
import { serveConnections, WorkerPool } from 'afunix/handover';
import { describe, expect, test } from 'vitest';
import { type Ask, askHttp, askNet, Load } from '../helpers/load.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const program = fromRoot('test/fixtures/pool-worker.mjs');
const poolOf = (kind: string, size = 2): WorkerPool =>
  new WorkerPool(program, { size, args: [kind], execArgv: [] });
const askAll = (ask: Ask, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, ask));

describe.each(['http', 'net', 'own', 'function'])('%s', (kind) => {
  test('workers serve, and connections that a killed worker has not taken are served by others', async () => {
    using scratch = new Scratch();
    await using listener = await UnixListener.bind(scratch.path());
    await using pool = poolOf(kind);
    const serving = pool.serve(listener);
    const ask =
      kind === 'http' ? askHttp({ socketPath: scratch.path() }) : askNet({ path: scratch.path() });

    const pids = new Set(await askAll(ask, 8));
    expect([...pids].sort()).toEqual(pool.workers.map(({ pid }) => String(pid)).sort());

    for (const pid of pids) process.kill(Number(pid), 'SIGSTOP');
    const answers = askAll(ask, 8);
    while (pool.workers.reduce((sum, { connections }) => sum + connections, 0) < 8) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    for (const pid of await answers) expect(pids).not.toContain(pid);

    await pool.close();
    await serving;
    expect(pool.workers).toEqual([]);
    await expect(pool.give(0)).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  }, 60_000);
});

test('under load a killed worker loses what it has taken, and nothing else', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  await using pool = poolOf('http');
  pool.serve(listener).catch(console.error);
  const ask = askHttp({ socketPath: scratch.path() });
  const first = await ask();
  await using load = new Load({ http: ask });
  for (let killed = 0; killed < 3; killed++) {
    const { pid } = pool.workers[0] as { pid: number };
    const gone = once(pool, 'exit');
    process.kill(pid, 'SIGKILL');
    expect(await gone).toEqual([pid, null, 'SIGKILL']);
    // The next one may have to wait, as those before it died young.
    while (pool.workers.length === 0) await delay(20);
    await load.answered(String(pool.workers.at(-1)?.pid), 20);
  }
  expect(Number(first)).toBeGreaterThan(0);
  // Two clients, each with at most one connection that the worker had taken.
  expect(load.failures.length).toBeLessThanOrEqual(6);
  expect(load.failures.every((failure) => failure === 'http: ECONNRESET')).toBe(true);
}, 60_000);

test('TCP connections', async () => {
  await using pool = poolOf('net', 1);
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    pool.give(socket).then(() => socket.destroy(), console.error);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  expect(await askNet({ host: '127.0.0.1', port })()).toBe(String(pool.workers[0]?.pid));
  server.close();
}, 60_000);

test('workers that die at once are replaced later and later', async () => {
  await using pool = poolOf('early', 1);
  for (const wait of [1, 0]) {
    expect(await once(pool, 'exit')).toEqual([expect.any(Number), 3, null]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pool.workers).toHaveLength(wait); // the first at once, the second after 200 ms
  }
  await once(pool, 'exit');
}, 60_000);

test('wrong arguments, and a process that is no worker', async () => {
  const { WorkerPool: Pool } = { WorkerPool: WorkerPool as new (...args: unknown[]) => WorkerPool };
  expect(() => new Pool(3)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  expect(() => new Pool(program, { size: 0 })).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
  expect(() => new Pool(program, { args: 'http' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  expect(() => new Pool(program, { argv: [] })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  await expect(serveConnections(() => {})).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
  await expect(serveConnections(3 as never)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  });
});
