// The timers of a test that faked them before it loaded this package.

/**
 * Returns the method of `object`, or the one that @sinonjs/fake-timers put its own in place of: jest, vitest and sinon
 * fake timers with it. A fake has its clock, and the clock has the original, both undocumented. Where they are
 * missing the fake is returned, and waits until the test moves its clock.
 */
export function originalOf<T extends object, K extends keyof T & string>(object: T, name: K): T[K] {
  const method = object[name] as { clock?: Readonly<Record<string, unknown>> };
  const original = method.clock?.[`_${name}`];
  return typeof original === 'function' ? (original as T[K]) : object[name];
}
