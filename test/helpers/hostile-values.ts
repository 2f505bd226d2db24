// Values that throw when somebody looks at them.

/** A function that throws `error`. */
export const throws = (error: unknown) => (): never => {
  throw error;
};

function unprintableError(property: 'stack' | 'message'): Error {
  // First of all the stack: V8 makes it of the message when it is looked at.
  const error = Object.defineProperty(new Error(), 'stack', {
    value: undefined,
    configurable: true,
  });
  return Object.defineProperty(error, property, { get: throws('unprintable') });
}

export function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A proxy all of whose traps throw. */
export const throwing = (target: object): object =>
  new Proxy(target, new Proxy({}, { get: throws(new Error('trap')) }));

export const unprintable: readonly [name: string, value: object][] = [
  ['an object without a prototype', Object.create(null)],
  ['an Error whose stack throws', unprintableError('stack')],
  ['an Error whose message throws', unprintableError('message')],
  ['an Error whose stack is a symbol', Object.assign(new Error(), { stack: Symbol('stack') })],
  ['an object that toString cannot print', { toString: throws('unprintable') }],
  ['an object whose tag throws', Object.defineProperty({}, Symbol.toStringTag, { get: throws(0) })],
  ['a proxy that throws', throwing({})],
  ['a proxy of an Error that throws', throwing(new Error('inside'))],
  ['a revoked proxy', revoked()],
];
