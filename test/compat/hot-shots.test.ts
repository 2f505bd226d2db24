// The real hot-shots, whose require('unix-dgram') is compat/unix-dgram, by an override in package.json.
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

interface StatsD {
  increment(name: string, callback?: (error: Error | null) => void): void;
  gauge(name: string, value: number): void;
  close(callback: (error?: Error) => void): void;
}

const StatsD = createRequire(import.meta.url)('hot-shots') as new (options: object) => StatsD;

const client = (path: string, options: object = {}): StatsD =>
  new StatsD({ protocol: 'uds', path, maxBufferSize: 0, ...options });

const close = (statsd: StatsD): Promise<void> =>
  new Promise((resolve, reject) => {
    let closed = 0;
    statsd.close((error) => {
      closed += 1;
      if (error) reject(error);
      else if (closed > 1) reject(new Error('closed twice'));
      else setTimeout(resolve, 10);
    });
  });

test('metrics arrive', async () => {
  using scratch = new Scratch();
  await using agent = await UnixDatagram.bind(scratch.path());
  const statsd = client(scratch.path());
  statsd.increment('page.views');
  statsd.gauge('temperature', 21);
  expect(await take(agent, 2)).toEqual(['page.views:1|c', 'temperature:21|g']);
  await close(statsd);
});

test('an agent that is not there fails at once', () => {
  using scratch = new Scratch();
  const errors: Error[] = [];
  client(scratch.path(), { errorHandler: (error: Error) => errors.push(error) });
  expect(errors.map(String).join()).toContain('connect -2');
});

test('it survives a restart of the agent', async () => {
  using scratch = new Scratch();
  const old = await UnixDatagram.bind(scratch.path());
  const errors: Error[] = [];
  const statsd = client(scratch.path(), {
    errorHandler: (error: Error) => errors.push(error),
    udsGracefulRestartRateLimit: 1,
  });
  statsd.increment('before');
  expect(await take(old, 1)).toEqual(['before:1|c']);
  await old.close();
  await using agent = await UnixDatagram.bind(scratch.path());
  await new Promise((resolve) => setTimeout(resolve, 10));
  statsd.increment('lost');
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(errors).toMatchObject([{ code: -constants.errno.ECONNREFUSED }]);
  statsd.increment('after');
  expect(await take(agent, 1)).toEqual(['after:1|c']);
  await close(statsd);
});

test('congestion is tried again, and reported', async () => {
  using scratch = new Scratch();
  await using agent = await UnixDatagram.bind(scratch.path());
  const udsRetryOptions = { retries: 1, retryDelayMs: 20 };
  const statsd = client(scratch.path(), { udsRetryOptions });
  const count = 30;
  const results = await Promise.all(
    Array.from(
      { length: count },
      (_, i) =>
        new Promise<Error | null>((resolve) => {
          statsd.increment(`metric.${i}`, resolve);
        }),
    ),
  );
  const failed = results.filter((error) => error !== null);
  expect(failed.length).toBeGreaterThan(0);
  for (const error of failed) {
    expect(error).toMatchObject({ code: 1, message: expect.stringContaining('congestion') });
  }
  expect((await take(agent, count - failed.length)).length).toBe(count - failed.length);

  // With room made while it waits, the second try succeeds.
  const retried = Promise.all(
    Array.from(
      { length: 15 },
      (_, i) =>
        new Promise<Error | null>((resolve) => {
          statsd.increment(`retried.${i}`, resolve);
        }),
    ),
  );
  await take(agent, 15);
  expect((await retried).every((error) => !error)).toBe(true);
  await close(statsd);
});
