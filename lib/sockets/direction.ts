import { invalidArgValue } from '../core/errors.js';
import { SHUT_RD, SHUT_RDWR, SHUT_WR } from '../native/constants.js';

const directions = new Map([
  ['read', SHUT_RD],
  ['write', SHUT_WR],
  ['both', SHUT_RDWR],
]);

/** Returns the direction of shutdown(2). */
export function directionOf(how: unknown): number {
  const direction = directions.get(how as string);
  if (direction !== undefined) return direction;
  throw invalidArgValue('how', "must be 'read', 'write' or 'both'", how);
}
