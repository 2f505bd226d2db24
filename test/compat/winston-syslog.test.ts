// The real winston-syslog, whose require('unix-dgram') is compat/unix-dgram, by an override in package.json.
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type { UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import winston, { type Logger } from 'winston';
import { receiver, take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

interface Syslog extends winston.transport {
  queue: string[];
  log(info: object, callback: () => void): void;
  close(): void;
}

const { Syslog } = createRequire(import.meta.url)('winston-syslog') as {
  Syslog: new (options: object) => Syslog;
};

/** A logger with this one transport, and the errors that it emits. */
class Log implements Disposable {
  readonly syslog: Syslog;
  readonly errors: Error[] = [];
  readonly #logger: Logger;

  constructor(protocol: 'unix' | 'unix-connect', path: string) {
    this.syslog = new Syslog({ protocol, path });
    this.#logger = winston.createLogger({ transports: [this.syslog] });
    this.#logger.on('error', (error: Error) => this.errors.push(error));
  }

  /** Logs the line `text`. */
  info(text: string): void {
    this.#logger.info(text);
  }

  [Symbol.dispose](): void {
    this.syslog.queue = []; // close() waits for it
    this.#logger.close();
  }
}

/** The text of a line, out of the JSON of a message to syslog. */
const textOf = (line: string): string => /"message":"([^"]*)"/.exec(line)?.[1] ?? line;

/** Resolves when what was logged has reached the transport, and what it sent the receiver. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Takes what is there. */
async function drain(agent: UnixDatagram): Promise<string[]> {
  const texts: string[] = [];
  while (agent.bytesReadable > 0) texts.push(...(await take(agent, 1)).map(textOf));
  return texts;
}

test.each(['unix', 'unix-connect'] as const)('%s: lines arrive, once', async (protocol) => {
  using scratch = new Scratch();
  await using agent = await receiver(scratch);
  using log = new Log(protocol, scratch.path('receiver'));
  for (const text of ['one', 'two', 'three']) log.info(text);
  const lines = await take(agent, 3);
  expect(lines.map(textOf)).toEqual(['one', 'two', 'three']);
  expect(lines[0]).toMatch(/^<\d+>/);
  await settled();
  expect(await drain(agent)).toEqual([]);
  expect(log.errors).toEqual([]);
});

test('unix-connect: of 62 lines to an agent that stops at times none arrives twice', async () => {
  using scratch = new Scratch();
  await using agent = await receiver(scratch);
  using log = new Log('unix-connect', scratch.path('receiver'));
  const written: string[] = [];
  const arrived: string[] = [];
  for (let round = 0; round < 2; round++) {
    for (let line = 0; line < 31; line++) {
      written.push(`line ${round}.${line}`);
      log.info(`line ${round}.${line}`);
    }
    await settled();
    expect(log.syslog.queue.length).toBeGreaterThan(0);
    // At 'writable' it sends its queue, and forgets as many lines as callbacks have come when the last send returns.
    while (agent.bytesReadable > 0) {
      arrived.push(...(await drain(agent)));
      await settled();
    }
  }
  expect(arrived.length).toBeGreaterThan(20);
  expect(arrived.length).toBeLessThanOrEqual(62);
  expect(new Set(arrived).size).toBe(arrived.length);
  expect(written).toEqual(expect.arrayContaining(arrived));
});

test("unix-connect, the package's own test: no agent yet, an agent, an agent that has gone", async () => {
  using scratch = new Scratch();
  const syslog = new Syslog({ protocol: 'unix-connect', path: scratch.path('receiver') });
  const errors: Error[] = [];
  syslog.on('error', (error: Error) => errors.push(error));
  let called = 0;
  const log = (text: string): void =>
    syslog.log({ [Symbol.for('level')]: 'debug', [Symbol.for('message')]: text }, () => called++);
  log('one');
  expect(errors).toMatchObject([{ syscall: 'connect', code: -constants.errno.ENOENT }]);
  expect(syslog.queue.length).toBe(1);

  const agent = await receiver(scratch);
  log('two');
  expect(syslog.queue).toEqual([]);
  expect(await take(agent, 2)).toEqual([
    expect.stringMatching(/: one$/),
    expect.stringMatching(/: two$/),
  ]);
  await agent.close();
  log('three');
  expect(errors[1]).toMatchObject({ syscall: 'send', code: -constants.errno.ECONNREFUSED });
  expect(syslog.queue).toEqual([expect.stringMatching(/: three$/)]);
  expect(called).toBe(3);
  syslog.queue = [];
  syslog.close();
});

test('unix-connect: a logger without an agent has an error, and goes on', async () => {
  using scratch = new Scratch();
  using log = new Log('unix-connect', scratch.path('receiver'));
  log.info('one');
  await settled();
  expect(log.errors).toMatchObject([{ syscall: 'connect', code: -constants.errno.ENOENT }]);
  expect(log.syslog.queue.map(textOf)).toEqual(['one']);
});

test('unix: an agent that is not there', async () => {
  using scratch = new Scratch();
  using log = new Log('unix', scratch.path('receiver'));
  log.info('one');
  await settled();
  expect(log.errors).toMatchObject([{ syscall: 'send', code: -constants.errno.ENOENT }]);
  expect(log.syslog.queue.map(textOf)).toEqual(['one']);
  await using agent = await receiver(scratch);
  log.info('two');
  expect((await take(agent, 1)).map(textOf)).toEqual(['two']);
});
