// The faults, and a run of the exchange under each.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import type { Scratch } from '../helpers/scratch.js';

/** The calls, with the fault in one of `every`. */
const rules = (calls: readonly string[], fault: string, every: number): string =>
  calls.map((call) => `${call}=${fault}/${every}`).join();

const sends = ['sendto', 'sendmsg', 'sendmmsg'];
const receives = ['recv', 'recvmsg', 'recvmmsg'];
/** `dup` is fcntl(F_DUPFD_CLOEXEC): no other fcntl(2) needs room for a descriptor. */
const makes = ['socket', 'socketpair', 'accept4', 'dup', 'pidfd_open', 'pidfd_getfd'];
const options = ['getsockopt', 'setsockopt', 'getsockname', 'getpeername'];
/** What opens and looks at what is on the way to a socket file, and moves it. */
const places = [
  'open',
  'openat',
  'getcwd',
  'readlink',
  'getentropy',
  'flock',
  'fchmod',
  'fchownat',
  'chmod',
  'linkat',
  'renameat',
  'renameat2',
];
const others = [
  'fcntl',
  'connect',
  'bind',
  'listen',
  'shutdown',
  'ioctl',
  'fstat',
  'poll',
  'epoll_ctl',
  'epoll_wait',
  'close',
];
const memory = ['memfd_create', 'write', 'lseek', 'fallocate64', 'fstatfs64'];
/** What is asked of other processes. */
const processes = ['pidfd_signal'];
/** With a fault here, a file that was to be removed may stay. */
const removes = ['unlinkat', 'fstatat'];
/** All that the addon calls and that can fail, but for mmap(2), which only fails for want of memory. */
const all = [
  sends,
  receives,
  makes,
  options,
  places,
  others,
  memory,
  processes,
  ['sendfile'],
].flat();

/** What is injected, and the errors that callers may then see. */
export const cases: [name: string, faults: string, ...seen: string[]][] = [
  ['EINTR at any call', rules([...all, ...removes], 'EINTR', 2)],
  [
    'EAGAIN where a call may block',
    rules([...sends, ...receives, 'accept4', 'sendfile'], 'EAGAIN', 2),
  ],
  // A stream waits for room in the backlog; to connect a datagram socket never has to wait.
  ['EAGAIN at connect', rules(['connect'], 'EAGAIN', 2), 'EAGAIN'],
  // Most of them never say so. The caller is told, all the same; ENOMEM where EAGAIN says that a socket waits.
  ['EAGAIN at any call', rules(all, 'EAGAIN', 17), 'EAGAIN', 'ENOMEM'],
  [
    'EAGAIN where a socket file is removed',
    rules([...removes, 'renameat2'], 'EAGAIN', 5),
    'EAGAIN',
  ],
  ['short sends and receives', rules([...sends, ...receives, 'sendfile'], 'short', 1)],
  ['sends and receives of each length', rules([...sends, ...receives], 'each', 1)],
  ['ENOMEM', rules([...sends, ...receives, ...makes, 'epoll_ctl', 'mmap'], 'ENOMEM', 4), 'ENOMEM'],
  [
    'ENOBUFS in the middle of short sends',
    `${rules(sends, 'short', 1)},${rules(sends, 'ENOBUFS', 5)}`,
    'ENOBUFS',
  ],
  [
    'ENOBUFS where there is nothing to send',
    rules([...receives, ...makes, 'connect', 'bind', 'setsockopt'], 'ENOBUFS', 7),
    'ENOBUFS',
  ],
  ['EMFILE', rules(makes, 'EMFILE', 3), 'EMFILE'],
  ['ENFILE', rules(makes, 'ENFILE', 3), 'ENFILE'],
  ['ETOOMANYREFS', rules(['sendmsg'], 'ETOOMANYREFS', 3), 'ETOOMANYREFS'],
  ['ECONNABORTED on accept', rules(['accept4'], 'ECONNABORTED', 2)],
];

/** The longest send and receive of a stream that `each` goes through: see shim.c. */
export const LENGTHS = 1000;

/** One rule of the shim, and what became of it. */
export interface Injection {
  call: string;
  fault: string;
  calls: number;
  injected: number;
  /** How many lengths `each` has been through. */
  lengths: number;
}

/** What a run counted. */
export interface Outcome {
  lost: number;
  leaked: number;
  /** 1 if the process did not come to its end by itself: what it counted till then is not known. */
  died: number;
  /** The errors that callers saw. */
  rejected: string[];
  injections: Injection[];
  /** What it said of what went wrong. */
  said: string;
}

/** The environment of a process whose calls fail so. */
export function environmentOf(scratch: Scratch, faults: string): NodeJS.ProcessEnv {
  const shim = scratch.path('shim.so');
  execFileSync('cc', ['-shared', '-fPIC', '-o', shim, fromRoot('test/faults/shim.c'), '-ldl']);
  return { ...process.env, LD_PRELOAD: shim, AFUNIX_FAULTS: faults };
}

/** Runs the exchange under the faults. */
export async function exchangeUnder(
  scratch: Scratch,
  faults: string,
  seen: readonly string[],
): Promise<Outcome> {
  const report = scratch.path('report');
  const env = { ...environmentOf(scratch, faults), AFUNIX_FAULTS_REPORT: report };
  const args = ['--no-warnings', fromRoot('test/faults/exchange.mjs'), ...seen];
  // It ends itself earlier, and says where it was, unless it spins.
  await using child = new Child(process.execPath, args, {
    env,
    timeout: 170_000,
    killSignal: 'SIGKILL',
  });
  const { code, signal, stdout, stderr } = await child.ended;
  const counted = code === 0 ? JSON.parse(stdout) : { lost: 0, leaked: 0, rejected: {} };
  return {
    lost: counted.lost,
    leaked: counted.leaked,
    died: code === 0 ? 0 : 1,
    rejected: Object.keys(counted.rejected),
    injections: existsSync(report) ? read(report) : [],
    said: code === 0 ? stderr : `ended with ${code ?? signal}\n${stdout}${stderr}`,
  };
}

function read(report: string): Injection[] {
  const lines = readFileSync(report, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [call = '', fault = '', ...numbers] = line.split(' ');
    const [calls = 0, injected = 0, lengths = 0] = numbers.map(Number);
    return { call, fault, calls, injected, lengths };
  });
}
