// Packages of the npm registry that the scripts use and that are too large for development dependencies.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Has `packages` (a folder's name to `name@version`) in `folder`, which it makes. What ended halfway is not
 * taken for it: the folder gets its name when it is whole.
 */
export function fetchPackages(folder, packages) {
  if (existsSync(folder)) return;
  const parts = join(dirname(folder), `${basename(folder)}-parts`);
  rmSync(parts, { recursive: true, force: true });
  for (const [name, wanted] of Object.entries(packages)) unpack(wanted, join(parts, name));
  renameSync(parts, folder);
}

/** A download that stands still is begun again. */
function unpack(wanted, folder) {
  mkdirSync(folder, { recursive: true });
  const pack = ['pack', '--json', '--pack-destination', folder, wanted];
  const [{ filename }] = JSON.parse(tryThrice('npm', pack, 120_000));
  const tarball = join(folder, filename);
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1', '--no-same-owner']);
  rmSync(tarball);
}

function tryThrice(command, args, timeout) {
  for (let left = 2; ; left--) {
    try {
      return run(command, args, 'pipe', timeout);
    } catch (error) {
      if (left === 0) throw error;
      console.warn(`${error.message}; once more`);
    }
  }
}

/** Throws, with the command, if it fails or has not ended after `timeout` milliseconds. Returns its stdout. */
export function run(command, args, stdio = 'pipe', timeout = 900_000, options = {}) {
  return execFileSync(command, args, {
    ...{ encoding: 'utf8', stdio, maxBuffer: Infinity, timeout, killSignal: 'SIGKILL' },
    ...options,
  });
}
