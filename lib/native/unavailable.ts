// The addon of a system that has none: everything imports, and each call throws.
import { Buffer } from 'node:buffer';
import { constants } from 'node:os';
import process from 'node:process';
import type { Addon, Layout } from './addon.js';

/** Makes the error of a call on a system that the addon is not made for. */
function unavailable(): Error {
  const error = new Error(`afunix works on Linux and macOS; this is ${process.platform}`);
  return Object.assign(error, { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
}

/** Has a function for every name, which throws. */
const calls = new Proxy(
  {},
  {
    get: () => () => {
      throw unavailable();
    },
  },
);

// Arguments are checked against the first three before a call is made, which then throws.
const limits: Partial<Layout> = {
  maxPath: Infinity,
  maxRights: Infinity,
  maxVectors: Infinity,
  maxSendMany: 1,
  maxReceiveBatch: 1,
};

/** Returns an object that has 0 for every name that `known` has not. */
function withZeros(known: object): Readonly<Record<string, number>> {
  return new Proxy(known, { get: (_, name) => Reflect.get(known, name) ?? 0 }) as Record<
    string,
    number
  >;
}

/** Returns an addon whose `path` is undefined. */
export function unavailableAddon(): Addon<unknown> {
  return {
    path: undefined,
    hasLoop: false,
    constants: {},
    errnos: withZeros(constants.errno),
    layout: withZeros(limits) as unknown as Layout,
    sockets: Object.create(calls, { setClass: { value: () => {} } }),
    slab: Object.create(calls, { numbers: { value: Buffer.alloc(0) } }),
    descriptors: calls as Addon<unknown>['descriptors'],
    accounts: calls as Addon<unknown>['accounts'],
    raw: calls as Addon<unknown>['raw'],
  };
}
