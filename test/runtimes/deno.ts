// On Deno 2.9.
import type { KnownFailures } from './types.js';

export const deno: KnownFailures = {};
