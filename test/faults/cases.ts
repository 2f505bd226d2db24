// The faults, and a run of the exchange under each.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import type { Scratch } from '../helpers/scratch.js';

/** The calls with the fault in every `every`-th. */
const rules = (calls: readonly string[], fault: string, every: number): string =>
  calls.map((call) => `${call}=${fault}/${every}`).join();

const sends = ['sendto', 'sendmsg', 'sendmmsg'];
const receives = ['recvmsg', 'recvmmsg'];
const makes = ['socket', 'socketpair', 'accept4', 'fcntl'];
const others = ['connect', 'bind', 'listen', 'setsockopt', 'getsockopt', 'getsockname', 'close'];

/** What is injected, and the errors that callers may then see. */
export const cases: [name: string, faults: string, ...seen: string[]][] = [
  ['EINTR anywhere', rules([...sends, ...receives, ...makes, ...others], 'EINTR', 2)],
  ['EAGAIN where a call may block', rules([...sends, ...receives, 'accept4'], 'EAGAIN', 2)],
  // A stream waits for room in the backlog; to connect a datagram socket never has to wait.
  ['EAGAIN at connect', rules(['connect'], 'EAGAIN', 2), 'EAGAIN'],
  ['short sends and receives', rules([...sends, ...receives], 'short', 1)],
  ['ENOMEM', rules([...sends, ...receives, ...makes], 'ENOMEM', 4), 'ENOMEM'],
  [
    'ENOBUFS in the middle of short sends',
    `${rules(sends, 'short', 1)},${rules(sends, 'ENOBUFS', 5)}`,
    'ENOBUFS',
  ],
  [
    'ENOBUFS where there is nothing to send',
    rules([...receives, ...makes, 'connect', 'bind', 'setsockopt'], 'ENOBUFS', 4),
    'ENOBUFS',
  ],
  ['EMFILE', rules(makes, 'EMFILE', 3), 'EMFILE'],
  ['ENFILE', rules(makes, 'ENFILE', 3), 'ENFILE'],
  ['ETOOMANYREFS', rules(['sendmsg'], 'ETOOMANYREFS', 3), 'ETOOMANYREFS'],
  ['ECONNABORTED on accept', rules(['accept4'], 'ECONNABORTED', 2)],
];

/** One rule of the shim, and what became of it. */
export interface Injection {
  call: string;
  calls: number;
  injected: number;
}

/** Runs the exchange; rejects if it lost or leaked anything, or died. */
export async function exchangeUnder(
  scratch: Scratch,
  faults: string,
  seen: readonly string[],
): Promise<{ rejected: string[]; injections: Injection[] }> {
  const shim = scratch.path('shim.so');
  const report = scratch.path('report');
  execFileSync('cc', ['-shared', '-fPIC', '-o', shim, fromRoot('test/faults/shim.c'), '-ldl']);
  const env = {
    ...process.env,
    LD_PRELOAD: shim,
    AFUNIX_FAULTS: faults,
    AFUNIX_FAULTS_REPORT: report,
  };
  const args = [fromRoot('test/faults/exchange.mjs'), ...seen];
  await using child = new Child(process.execPath, args, { env });
  const rejected = Object.keys(JSON.parse(await child.succeeds()));
  const injections = readFileSync(report, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([call = '', , calls, injected]) => ({
      call,
      calls: Number(calls),
      injected: Number(injected),
    }));
  return { rejected, injections };
}
