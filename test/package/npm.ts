// npm, started without a shell or a PATH.
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../helpers/programs.js';

/** Runs npm to its end; its stdout. */
export function npm(args: readonly string[], options: ExecFileSyncOptions = {}): string {
  const program = programPath('npm');
  if (program === undefined) throw new Error('npm is not installed');
  return execFileSync(
    process.execPath,
    [realpathSync(program), ...args, '--no-audit', '--no-fund'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
      encoding: 'utf8',
    },
  );
}

/** Installs a package of the npm registry into a folder of its own; the path of `file` in it. */
export function fromRegistry(folder: string, name: string, version: string, file: string): string {
  mkdirSync(folder, { recursive: true });
  npm(['install', '--force', '--ignore-scripts', '--no-save', `${name}@${version}`], {
    cwd: folder,
  });
  const path = join(folder, 'node_modules', name, file);
  if (!existsSync(path)) throw new Error(`${name}@${version} has no ${file}`);
  return path;
}
