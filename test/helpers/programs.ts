// Programs that nobody here wrote, where they are, and what happens when they are missing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

/** A path of this repository. */
export const fromRoot = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What has the runtime that runs the tests run the text that follows, as a module. */
export const asModule: readonly string[] =
  process.versions.deno === undefined ? ['--input-type=module', '-e'] : ['eval'];

/** The runtime that runs the tests, and what lets a program that follows do what it does on Node. */
export const runtime: readonly string[] =
  process.versions.deno === undefined ? [process.execPath] : [process.execPath, 'run', '-A'];

/** The compiled test/peers/peer.go. */
export const goPeer: string = fromRoot('build/peers/go-peer');

/** Where `name` is in the PATH, if it is. */
export function programPath(name: string): string | undefined {
  // The system's Python first: a version manager's is a slow shell script.
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Declares tests that need `program`. Where it is missing they are skipped, and say so; with
 * AFUNIX_REQUIRE_ALL=1, as in .ci/run, they fail.
 */
export function describeWith(
  program: string,
  path: string | undefined,
  declare: (path: string) => void,
): void {
  if (path !== undefined) {
    describe(program, () => declare(path));
  } else if (process.env.AFUNIX_REQUIRE_ALL === '1') {
    test(program, () => {
      throw new Error(`${program} is not installed, and AFUNIX_REQUIRE_ALL=1 wants it`);
    });
  } else {
    console.warn(`SKIPPED: ${program} is not installed`);
    test.skip(`${program} (not installed)`, () => {});
  }
}
