/**
 * Takes the prototype of a new object away, so that what others put on Object.prototype is not read
 * from it. For objects that Node.js, the addon or a dependency reads.
 */
export function bare<T extends object>(object: T): T {
  return Object.setPrototypeOf(object, null);
}
