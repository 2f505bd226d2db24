// Faults at the edge to the kernel, by the shim of this folder: see exchange.mjs for what must hold.
import { platform } from 'node:process';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';
import { cases, exchangeUnder } from './cases.js';

/** More of one call than any run makes, also when every second one fails; a spin makes more. */
const CALLS = 40_000;

/** The sanitizer stands between the addon and the shim, which then cannot tell whose a call is. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

describe.skipIf(platform !== 'linux' || sanitized)('the model holds under', () => {
  test.each(cases)('%s', { timeout: 60_000 }, async (_name, faults, ...seen) => {
    using scratch = new Scratch();
    const { rejected, injections } = await exchangeUnder(scratch, faults, seen);
    expect(rejected).toEqual(seen);
    for (const { call, calls, injected } of injections) {
      expect(injected, `${call} was made to fail`).toBeGreaterThan(0);
      expect(calls, `${call} does not spin`).toBeLessThan(CALLS);
    }
  });
});
