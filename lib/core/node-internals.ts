// Every private part of Node.js that this package uses, each with a documented way for where that part is missing. The
// other files use the documented parts of Node.js only.
import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { Duplex, type DuplexOptions } from 'node:stream';
import { memberOf } from './validate.js';

/** Makes Buffers without the checks of `Buffer.from()`. */
export interface BufferViewConstructor {
  new (memory: ArrayBufferLike, offset: number, length: number): Buffer;
  /** In an ArrayBuffer of its own, never in Buffer's pool. */
  new (length: number): Buffer;
}

/** Does what `Buffer[Symbol.species]` does, by documented functions. */
function DocumentedView(
  memory: ArrayBufferLike | number,
  offset?: number,
  length?: number,
): Buffer {
  return typeof memory === 'number'
    ? Buffer.alloc(memory)
    : Buffer.from(memory as ArrayBuffer, offset, length);
}

function bufferView(): BufferViewConstructor {
  const { [Symbol.species]: species } = Buffer as unknown as {
    [Symbol.species]?: BufferViewConstructor;
  };
  // Without a property of Buffer's own it is that of TypedArray, which returns Buffer: deprecated with `new`.
  const usable =
    typeof species === 'function' &&
    (species as unknown) !== Buffer &&
    species.prototype instanceof Uint8Array;
  return usable ? species : (DocumentedView as unknown as BufferViewConstructor);
}

/**
 * The class that Buffer's own methods make their results of. `Buffer.from()` and `subarray()` do the same in three
 * times the time.
 */
export const View: BufferViewConstructor = bufferView();

/**
 * Returns the object whose `fd` is the descriptor of a socket or server of `node:net` or `node:dgram`: null where
 * it has none now, undefined where `value` never has one, or where this Node.js does not show it. No documented
 * function does.
 */
export function handleOf(value: object): object | null | undefined {
  return value instanceof dgram.Socket
    ? datagramHandle(value)
    : objectOf(memberOf(value, '_handle'));
}

/** `_handle` of a dgram.Socket is deprecated, warns when it is read, and is gone in Node.js 26. */
function datagramHandle(socket: dgram.Socket): object | null | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (key === undefined) return objectOf(memberOf(socket, '_handle'));
  return objectOf((socket as unknown as Record<symbol, { handle?: unknown }>)[key]?.handle);
}

function objectOf(value: unknown): object | null | undefined {
  return typeof value === 'object' || value === undefined ? value : null;
}

/**
 * Makes a destroyed stream usable again. Where `_undestroy` is missing the constructor is applied again, as a class
 * in the old style applies it: then the stream is also no longer paused or piped.
 */
export function undestroy(stream: Duplex, options: DuplexOptions): void {
  const { _undestroy } = stream as unknown as { _undestroy?: (this: Duplex) => void };
  if (typeof _undestroy === 'function') _undestroy.call(stream);
  else (Duplex as unknown as (this: Duplex, options: DuplexOptions) => void).call(stream, options);
}

/** A chunk that a stream holds, as `_writev` gets it. */
export interface BufferedChunk {
  chunk: Uint8Array | string;
  encoding: BufferEncoding;
}

/** Returns the chunks that wait in a stream's buffer; undefined where this Node.js does not show them. */
export function bufferedChunks(stream: Duplex): readonly BufferedChunk[] | undefined {
  return (stream as unknown as { writableBuffer?: BufferedChunk[] }).writableBuffer;
}
