// Streams of node:fs over descriptors that the addon owns until they are closed.
import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { native } from '../native/binding.js';
import { EBADF } from '../native/errno.js';
import { onDeno } from '../native/runtime.js';
import { invalidArgValue, outOfRange, systemError, unavailable } from './errors.js';
import type { FileKind } from './file-kind.js';
import { Known } from './known.js';
import { OF_A_FILE_STREAM } from './omitted-options.js';
import { integer, optionsOf } from './validate.js';

// Taken at load: a patch of node:fs made later must not see these descriptors.
const { close, createReadStream, createWriteStream, read, write, writev } = fs;
const { O_RDWR, O_WRONLY } = fs.constants;

/** Options of `toReadStream`. */
export interface FileReadOptions {
  /** The offset in bytes of the first byte to read, from 0 on (default 0). Only of a regular file. */
  start?: number;
  /** The offset in bytes of the last byte to read (default: the file's end). Only of a regular file. */
  end?: number;
  /** The bytes of one read, and of the stream's buffer: 1 to 2^31-1 (default 64 KiB). */
  highWaterMark?: number;
}

/** Options of `toWriteStream`. */
export interface FileWriteOptions {
  /** The offset in bytes of the first write, from 0 on. Only of a regular file. */
  start?: number;
  /**
   * The bytes that the stream holds before `write()` returns false, 1 to 2^31-1 (default
   * `stream.getDefaultHighWaterMark()`).
   */
  highWaterMark?: number;
}

const READ = new Known<FileReadOptions>('toReadStream', { start: 1, end: 1, highWaterMark: 1 });
const WRITE = new Known<FileWriteOptions>('toWriteStream', { start: 1, highWaterMark: 1 });

/** Returns an `fs.ReadStream` that closes `fd`, which the addon owns until then. */
export function readStreamOf(
  fd: number,
  kind: FileKind,
  options: FileReadOptions | undefined,
): fs.ReadStream {
  const parsed = optionsOf(options, READ);
  const start = offset('start', parsed.start, kind);
  const end = offset('end', parsed.end, kind);
  const bufferSize = bytes('highWaterMark', parsed.highWaterMark);
  if (end !== undefined && end < (start ?? 0)) {
    throw outOfRange('options.end', `>= ${start ?? 0}, the start`, end);
  }
  const what = {
    // With a position it reads by pread(2), which leaves the shared offset where it is.
    ...(kind === 'file' ? { start: start ?? 0 } : {}),
    ...(end === undefined ? {} : { end }),
    ...(bufferSize === undefined ? {} : { highWaterMark: bufferSize }),
  };
  return onDeno
    ? reopened(fd, kind, what)
    : createReadStream('', {
        ...OF_A_FILE_STREAM,
        fd,
        fs: { read, close: closeDescriptor },
        ...what,
      });
}

/**
 * Deno's fs reads only descriptors that it opened itself, so it opens a file once more, if this process may. Of a pipe
 * that would wait for ever where nobody writes.
 */
function reopened(fd: number, kind: FileKind, options: { start?: number }): fs.ReadStream {
  if (kind !== 'file') throw unavailable(`toReadStream() of a ${kind}`);
  const flags = native.descriptors.flags(fd);
  if ((flags & (O_WRONLY | O_RDWR)) === O_WRONLY) throw systemError('read', EBADF);
  const stream = createReadStream(`/proc/self/fd/${fd}`, {
    ...OF_A_FILE_STREAM,
    ...{ fd: undefined, fs: undefined },
    ...options,
  });
  return stream.once('close', () => native.descriptors.close(fd));
}

/** Returns an `fs.WriteStream` that closes `fd`, which the addon owns until then. */
export function writeStreamOf(
  fd: number,
  kind: FileKind,
  options: FileWriteOptions | undefined,
): fs.WriteStream {
  const parsed = optionsOf(options, WRITE);
  const start = offset('start', parsed.start, kind);
  const bufferSize = bytes('highWaterMark', parsed.highWaterMark);
  if (onDeno) throw unavailable('toWriteStream()');
  return createWriteStream('', {
    ...OF_A_FILE_STREAM,
    fd,
    fs: { write, writev, close: closeDescriptor },
    ...(start === undefined ? {} : { start }),
    ...(bufferSize === undefined ? {} : { highWaterMark: bufferSize }),
  });
}

function offset(name: string, value: number | undefined, kind: FileKind): number | undefined {
  if (value === undefined) return undefined;
  const checked = integer(`options.${name}`, value, 0, Number.MAX_SAFE_INTEGER);
  if (kind === 'file') return checked;
  throw invalidArgValue(`options.${name}`, `is for regular files, not for a ${kind}`, value);
}

function bytes(name: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : integer(`options.${name}`, value, 1);
}

/**
 * Closes a stream's descriptor. The stream waits for its read or write first. A stream that its worker
 * does not live to close leaves the descriptor to the addon's cleanup hook. Node has waited for every
 * request of node:fs by then (CleanupHandles() in node::Environment::RunCleanup()), so none of them
 * meets a number that is somebody else's.
 */
const closeDescriptor = ((fd: number, done: (error: Error | null) => void) => {
  if (isMainThread) {
    // In the thread pool: where a file lies on a network, close(2) may wait for the last writes.
    native.descriptors.disown(fd);
    close(fd, done);
    return;
  }
  // fs.close() in a worker would warn of a descriptor that its fs did not open.
  const result = native.descriptors.close(fd);
  process.nextTick(done, result < 0 ? systemError('close', result) : null);
}) as typeof close;
