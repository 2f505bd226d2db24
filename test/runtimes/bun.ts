// On Bun 1.4.
import type { KnownFailures } from './types.js';

export const bun: KnownFailures = {};
