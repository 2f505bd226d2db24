// A program in a process group of its own, which ends as a whole and in time: what it has started can neither outlive
// it nor hold its output open. Used by what runs for long, outside of vitest.
import { spawn } from 'node:child_process';
import process from 'node:process';

const groups = new Set();

function kill(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

process.on('exit', () => groups.forEach(kill));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/**
 * Runs it; resolves with how it ended, once it has and its output is read, and what it left behind is killed. `heard` is
 * called with what it writes, and the stream's name. `late` looks, every second, at the seconds since the start, and
 * says why the group is to be killed, if it is.
 */
export async function runGroup(command, args, heard, late) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { pid } = child;
  groups.add(pid);
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => heard(text, name));
  }
  const start = performance.now();
  let reason;
  const timer = setInterval(() => {
    reason ??= late((performance.now() - start) / 1000);
    if (reason !== undefined) kill(pid);
  }, 1000);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => kill(pid)); // what still holds its output
      child.on('close', (code, signal) => resolve({ code, signal, reason }));
    });
  } finally {
    clearInterval(timer);
    groups.delete(pid);
  }
}
