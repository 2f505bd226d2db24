// What the JavaScript fuzzers share.
import '../fixtures/warm.mjs';
import { AssertionError } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';

/** Errors that callers may see have a code. Others are bugs, here or in the fuzzer. */
export function coded(error) {
  if (error?.code === undefined || error instanceof AssertionError) throw error;
}

/** Goes to a directory of its own, where sockets of random names may be bound. */
export function enterScratch() {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-fuzz-'));
  process.chdir(folder);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/** Says how many sequences were tried, or which one failed. */
export function report(details) {
  if (details.failed && details.counterexample !== null) {
    console.error(details.errorInstance, fc.defaultReportMessage(details));
    process.exitCode = 1;
  } else {
    console.log(`${details.numRuns} sequences`);
  }
}
