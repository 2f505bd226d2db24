import { codedError } from './errors.js';

/** The first argument of constructors that only this package calls. Nobody else gets hold of it. */
export const CONSTRUCTING: unique symbol = Symbol('afunix.constructing');

/** Throws ERR_ILLEGAL_CONSTRUCTOR, unless this package constructs. `factories`: what makes one instead. */
export function checkConstructing(key: unknown, name: string, factories: string): void {
  if (key === CONSTRUCTING) return;
  throw codedError(
    TypeError,
    'ERR_ILLEGAL_CONSTRUCTOR',
    `Illegal constructor of ${name}: use ${factories}`,
  );
}
