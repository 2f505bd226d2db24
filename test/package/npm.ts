// npm, started without a shell or a PATH.
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
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

/** Installs packages of the npm registry into `folder`, each under the name that it is given by. */
export function fromRegistry(folder: string, packages: Readonly<Record<string, string>>): void {
  const aliases = Object.entries(packages).map(([name, wanted]) => `${name}@npm:${wanted}`);
  const options = ['--force', '--ignore-scripts', '--no-bin-links', '--no-save'];
  npm(['install', ...options, ...aliases], { cwd: folder });
}
