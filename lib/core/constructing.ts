import { codedError } from './errors.js';

/** The first argument of constructors that only this package calls. No program gets hold of it. */
export const CONSTRUCTING: unique symbol = Symbol('afunix.constructing');

/** Throws ERR_ILLEGAL_CONSTRUCTOR, unless this package constructs. `factories` are the functions to call instead. */
export function checkConstructing(key: unknown, name: string, factories: string): void {
  if (key === CONSTRUCTING) return;
  throw codedError(
    TypeError,
    'ERR_ILLEGAL_CONSTRUCTOR',
    `Illegal constructor of ${name}: use ${factories}`,
  );
}
