// The C reference (limit.c): built once, by the system's compiler.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../limit.c', import.meta.url));
const directory = fileURLToPath(new URL('../build', import.meta.url));
const program = `${directory}/limit`;

export const limitProgram = () => program;

/** Builds it if it is older than its source. */
export function buildLimit() {
  const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (time(program) > time(source)) return;
  mkdirSync(directory, { recursive: true });
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-std=c11', '-D_GNU_SOURCE'];
  execFileSync(process.env.CC ?? 'cc', [...flags, '-o', program, source], { stdio: 'inherit' });
}
