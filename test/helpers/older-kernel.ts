// Runs Node.js on a kernel that lacks system calls, as it were: seccomp(2) has them fail.
import { arch } from 'node:process';
import { Child } from './children.js';
import { asModule, fromRoot, programPath } from './programs.js';
import { onLinux } from './raw-sockets.js';

const python = programPath('python3');

/** Whether `runWithout` works here: the numbers of the calls are those of x86-64. */
export const canRunWithout: boolean = onLinux && arch === 'x64' && python !== undefined;

/**
 * Runs a module, given as text, where these calls fail. `calls`: `number=errno`, or `number/argument=errno` for those
 * with this second argument. Resolves with what it prints.
 */
export async function runWithout(calls: readonly string[], code: string): Promise<string> {
  const peer = fromRoot('test/peers/without-calls.py');
  const node = [process.execPath, ...asModule, code];
  await using child = new Child(python ?? '', [peer, calls.join(), ...node], {
    cwd: fromRoot('.'),
  });
  return await child.succeeds();
}
