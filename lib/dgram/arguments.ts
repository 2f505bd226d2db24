// The forms of `send(message, [offset, length], [address], [callback])` and `bind([address], [callback])`.
import { type AddressLike, isAddressLike, UnixAddress } from '../core/address.js';
import { codedError, invalidArgType, invalidArgValue } from '../core/errors.js';
import { Known } from '../core/known.js';
import { bytesOf, memberOf, optionsOf, type Parsed } from '../core/validate.js';
import { type BindOptions, type BindPlan, bindPlan, FILE } from '../io/options.js';
import { destinationOf } from '../sockets/datagram-batch.js';
import type { DgramData, SendCallback, SocketBindOptions } from './types.js';

/** The arguments of a `send()`, checked. */
export interface SendArguments {
  bytes: Uint8Array;
  to: AddressLike | undefined;
  callback: SendCallback | undefined;
}

/** Checks the arguments of `send()`: `optional` are those after the message. */
export function sendArguments(message: DgramData, optional: readonly unknown[]): SendArguments {
  const rest = [...optional];
  while (rest.length > 0 && rest.at(-1) == null) rest.pop();
  const callback = typeof rest.at(-1) === 'function' ? (rest.pop() as SendCallback) : undefined;
  const ranged = typeof rest[0] === 'number' || typeof rest[1] === 'number';
  const [offset, length] = ranged ? rest.splice(0, 2) : [];
  const bytes = Array.isArray(message) ? concatenated(message) : bytesOf('message', message);
  return {
    bytes: ranged ? sliceOf(bytes, offset, length) : bytes,
    to: destinationOf((rest[0] ?? undefined) as AddressLike | undefined),
    callback,
  };
}

function concatenated(pieces: readonly unknown[]): Uint8Array {
  return Buffer.concat(pieces.map((piece, index) => bytesOf(`message[${index}]`, piece)));
}

function sliceOf(bytes: Uint8Array, offset: unknown, length: unknown): Uint8Array {
  const from = number('offset', offset);
  const count = number('length', length);
  if (from < 0 || from > bytes.byteLength) throw outOfBounds('offset');
  if (count < 0 || from + count > bytes.byteLength) throw outOfBounds('length');
  return bytes.subarray(from, from + count);
}

function number(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  return Math.trunc(value) || 0;
}

function outOfBounds(name: string): RangeError {
  return codedError(
    RangeError,
    'ERR_BUFFER_OUT_OF_BOUNDS',
    `"${name}" is outside of buffer bounds`,
  );
}

const BIND = new Known<SocketBindOptions>('bind', { ...FILE, path: 1, exclusive: 1 });

/** Options of `bind()` of node:dgram that are refused here, and why. */
const notForBind = new Map([
  ['fd', 'is not taken over by bind(); UnixDatagram.fromFd() takes it'],
  ['port', 'is for UDP; a Unix socket is bound to options.path'],
  ['address', 'is for UDP; a Unix socket is bound to options.path'],
]);

/** Checks the first argument of `bind()`: an address, options, a callback, or nothing. */
export function bindArgument(argument: unknown): BindPlan {
  if (typeof argument === 'object' && argument !== null && !isAddressLike(argument)) {
    for (const [name, reason] of notForBind) {
      const value = memberOf(argument, name);
      if (value !== undefined) throw invalidArgValue(`options.${name}`, reason, value);
    }
    const options = optionsOf(argument as SocketBindOptions, BIND);
    return bindPlan(options.path ?? UnixAddress.unnamed, options as Parsed<BindOptions>);
  }
  const isAddress = argument !== undefined && argument !== null && typeof argument !== 'function';
  const noOptions = optionsOf(undefined, BIND) as Parsed<BindOptions>;
  return bindPlan(isAddress ? (argument as AddressLike) : UnixAddress.unnamed, noOptions);
}
