// Faults at the edge to the kernel, by the shim of this folder: see exchange.mjs for what must hold.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

/** The calls with the fault in every `every`-th. */
const rules = (calls: readonly string[], fault: string, every: number): string =>
  calls.map((call) => `${call}=${fault}/${every}`).join();

const sends = ['sendto', 'sendmsg', 'sendmmsg'];
const receives = ['recvmsg', 'recvmmsg'];
const makes = ['socket', 'socketpair', 'accept4', 'fcntl'];
const others = ['connect', 'bind', 'listen', 'setsockopt', 'getsockopt', 'getsockname', 'close'];

/** What is injected, and the errors that callers may then see. */
const cases: [name: string, faults: string, ...seen: string[]][] = [
  ['EINTR anywhere', rules([...sends, ...receives, ...makes, ...others], 'EINTR', 2)],
  ['EAGAIN where a call may block', rules([...sends, ...receives, 'accept4'], 'EAGAIN', 2)],
  ['short sends and receives', rules([...sends, ...receives], 'short', 1)],
  ['ENOMEM', rules([...sends, ...receives, ...makes], 'ENOMEM', 4), 'ENOMEM'],
  [
    'ENOBUFS in the middle of short sends',
    `${rules(sends, 'short', 1)},${rules(sends, 'ENOBUFS', 5)}`,
    'ENOBUFS',
  ],
  ['EMFILE', rules(makes, 'EMFILE', 3), 'EMFILE'],
  ['ENFILE', rules(makes, 'ENFILE', 3), 'ENFILE'],
  ['ETOOMANYREFS', rules(['sendmsg'], 'ETOOMANYREFS', 3), 'ETOOMANYREFS'],
  ['ECONNABORTED on accept', rules(['accept4'], 'ECONNABORTED', 2)],
];

/** More of one call than any run makes, also when every second one fails; a spin makes more. */
const CALLS = 40_000;

/** The sanitizer stands between the addon and the shim, which then cannot tell whose a call is. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

describe.skipIf(platform !== 'linux' || sanitized)('the model holds under', () => {
  test.each(cases)('%s', { timeout: 60_000 }, async (_name, faults, ...seen) => {
    using scratch = new Scratch();
    const shim = scratch.path('shim.so');
    const report = scratch.path('report');
    execFileSync('cc', ['-shared', '-fPIC', '-o', shim, fromRoot('test/faults/shim.c'), '-ldl']);
    const env = {
      ...process.env,
      LD_PRELOAD: shim,
      AFUNIX_FAULTS: faults,
      AFUNIX_FAULTS_REPORT: report,
    };
    await using child = new Child(
      process.execPath,
      [fromRoot('test/faults/exchange.mjs'), ...seen],
      {
        env,
      },
    );
    const rejected = JSON.parse(await child.succeeds());
    expect(Object.keys(rejected)).toEqual(seen);
    for (const line of readFileSync(report, 'utf8').trim().split('\n')) {
      const [call, , calls, injected] = line.split(' ');
      expect(Number(injected), `${call} was made to fail`).toBeGreaterThan(0);
      expect(Number(calls), `${call} does not spin`).toBeLessThan(CALLS);
    }
  });
});
