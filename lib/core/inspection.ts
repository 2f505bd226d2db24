// How objects of this package look in a log: util.inspect() and JSON.
import { inspect } from 'node:util';

/** What `console.log` and `JSON.stringify` show of an object. */
export type Description = Record<string, string | number | boolean | null>;

/** The key of the function that util.inspect() calls. */
export const kInspect: typeof inspect.custom = inspect.custom;

/** Returns the name of the object's class and its description, as util.inspect() shows an object of a class. */
export function inspected(
  object: { toJSON(): Description },
  depth: number,
  options: Parameters<typeof inspect>[1],
): string {
  const { name } = object.constructor;
  return depth < 0 ? `[${name}]` : `${name} ${inspect(object.toJSON(), options)}`;
}
