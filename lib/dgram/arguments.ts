// The many forms of `send(message, [offset, length], [address], [callback])`.
import type { AddressLike } from '../core/address.js';
import { codedError, invalidArgType } from '../core/errors.js';
import { bytesOf, type Data } from '../core/validate.js';
import { destinationOf } from '../sockets/datagram-batch.js';

/** Called when the message went, with its bytes, or did not. */
export type SendCallback = (error: Error | null, bytes?: number) => void;

/** One message, or the pieces of one. */
export type DgramData = Data | readonly Data[];

export interface SendArguments {
  bytes: Uint8Array;
  to: AddressLike | undefined;
  callback: SendCallback | undefined;
}

export function sendArguments(message: DgramData, given: readonly unknown[]): SendArguments {
  const rest = [...given];
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
