// Where the processes of a comparison run, and what runs beside them.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { limitProgram } from './limit.mjs';

/**
 * `pinned`: both sides on one processor. `unpinned`: where the system puts them. `busy`: as unpinned, and each processor
 * has a neighbour that never sleeps.
 */
export const modes = ['pinned', 'unpinned', 'busy'];

const allowed = /Cpus_allowed_list:\s*(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
const processors = allowed.split(',').flatMap((range) => {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
});

/**
 * A real-time policy, under which no other program interrupts. SCHED_RR, which is SCHED_FIFO with a time slice of 100 ms:
 * while V8 marks, its main thread asks again and again whether the helpers are done, and under SCHED_FIFO they would never
 * run on its processor. The kernel ends a process that runs for 10 s without waiting.
 */
const realTime = ['prlimit', '--rttime=10000000', 'chrt', '-r', '1'];
export const realTimeAllowed = spawnSync(realTime[0], [...realTime.slice(1), 'true']).status === 0;

/** Tells whether `comparison` is played under the real-time policy. Neighbours would get no time. */
export const isRealTime = (comparison, mode) =>
  realTimeAllowed && mode !== 'busy' && comparison.realTime !== false;

/** Returns the words before a command that make it run as the mode says. Each program replaces itself by the next. */
export function launcher(comparison, mode) {
  return [
    ...(isRealTime(comparison, mode) ? realTime : []),
    // The last processor, because the system's own work tends to be on the first.
    ...(mode === 'pinned' ? ['taskset', '-c', String(processors.at(-1))] : []),
  ];
}

/** Starts the neighbours of a mode, and returns what stops them. */
export function startNeighbours(mode) {
  const neighbours = (mode === 'busy' ? processors : []).map((processor) =>
    spawn('taskset', ['-c', String(processor), limitProgram(), 'spin'], { stdio: 'ignore' }),
  );
  return () => {
    for (const neighbour of neighbours) neighbour.kill();
  };
}
