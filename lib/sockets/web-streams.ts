// The two directions of a UnixStream as web streams.
import {
  ReadableStream,
  type UnderlyingByteSource,
  type UnderlyingSink,
  WritableStream,
} from 'node:stream/web';
import { bare } from '../native/bare.js';

/** The stream socket, as far as web streams use it. */
interface ByteStream {
  readonly closed: boolean;
  read(buffer: Uint8Array, options: { signal: AbortSignal }): Promise<Uint8Array | null>;
  write(data: Uint8Array | string, options: { signal: AbortSignal }): Promise<void>;
  shutdown(how: 'read' | 'write'): void;
}

/** Bytes of memory for a read whose reader has none. */
const CHUNK = 64 * 1024;

/** Makes the stream of received bytes. They are read when they are asked for, into the reader's memory or into new. */
export function readableOf(stream: ByteStream): ReadableStream<Uint8Array> {
  const cancelled = new AbortController();
  const source = bare<UnderlyingByteSource>({
    type: 'bytes',
    // Reads without a reader's memory fill such a chunk in place.
    autoAllocateChunkSize: CHUNK,
    async pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view as Uint8Array | null | undefined;
      if (request == null || view == null) return;
      const memory = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      const read = await stream.read(memory, { signal: cancelled.signal });
      if (read === null) controller.close();
      request.respond(read?.byteLength ?? 0);
    },
    cancel(reason) {
      cancelled.abort(reason);
      if (!stream.closed) stream.shutdown('read');
    },
  });
  return new ReadableStream(source);
}

/** Makes the stream of bytes to send. */
export function writableOf(stream: ByteStream): WritableStream<Uint8Array | string> {
  return new WritableStream(
    bare<UnderlyingSink<Uint8Array | string>>({
      write: (chunk, controller) =>
        stream.write(chunk, { signal: (controller as unknown as { signal: AbortSignal }).signal }),
      close: () => stream.shutdown('write'),
      abort: () => {
        if (!stream.closed) stream.shutdown('write');
      },
    }),
    {
      highWaterMark: CHUNK,
      size: (chunk) => (typeof chunk === 'string' ? chunk.length : (chunk?.byteLength ?? 0)),
    },
  );
}
