// Faults at the edge to the kernel, by the shim of this folder: see exchange.mjs for what must hold.
import { platform } from 'node:process';
import { describe, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';
import { cases, exchangeUnder, LENGTHS } from './cases.js';

/** More of one call than any run makes, also when every second one fails; a spin makes more. */
const CALLS = 60_000;
/** Those that move bytes. Of a batch there are not so many messages. */
const OF_STREAMS = ['sendto', 'sendmsg', 'recvmsg'];

/** The sanitizer stands between the addon and the shim, which then cannot tell whose a call is. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

describe.skipIf(platform !== 'linux' || sanitized)('the model holds under', () => {
  test.each(cases)('%s', { timeout: 180_000 }, async (_name, faults, ...seen) => {
    using scratch = new Scratch();
    const outcome = await exchangeUnder(scratch, faults, seen);
    const { lost, leaked, died, rejected, injections, said } = outcome;
    expect({ lost, leaked, died }, said).toEqual({ lost: 0, leaked: 0, died: 0 });
    expect(rejected).toEqual(seen);
    for (const { call, fault, calls, injected, lengths } of injections) {
      expect(injected, `${call} was made to fail`).toBeGreaterThan(0);
      expect(calls, `${call} does not spin`).toBeLessThan(CALLS);
      if (fault === 'each' && OF_STREAMS.includes(call)) expect(lengths, call).toBe(LENGTHS);
    }
  });
});
