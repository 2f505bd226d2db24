// Keys of what the public classes keep for themselves. A string could be the name of a property that a program gives
// to its own object or subclass.

/** The object that does the work of a public one, which only hands calls on. */
export const kImplementation: unique symbol = Symbol('afunix.implementation');
