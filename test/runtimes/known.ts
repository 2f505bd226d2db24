// What fails on the runtime that runs the tests; nothing on Node.
import { bun } from './bun.js';
import { deno } from './deno.js';
import type { KnownFailures } from './types.js';

export const known: KnownFailures =
  process.versions.bun !== undefined ? bun : process.versions.deno !== undefined ? deno : {};

/** The files that are not loaded, for the configuration of vitest. */
export const unloaded: string[] = Object.keys(known)
  .filter((file) => known[file]?.[''] !== undefined)
  .map((file) => `test/${file}`);
