/// <reference types="node" />
import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';

/** What a `USocket` is made for: a path or an abstract name to connect to, or a connected descriptor to take over. */
export interface USocketOptions {
  path?: string;
  fd?: number;
  allowHalfOpen?: boolean;
}

/** What `write()` and `end()` take besides strings and buffers. The descriptors go with the first byte of `data`. */
export interface USocketMessage {
  data?: Uint8Array;
  fds?: number[];
  /** Called once the kernel has all of it; the descriptors may be closed then. */
  callback?: (message: unknown) => void;
}

/**
 * A connection that passes descriptors. Emits 'connected', 'fds' (numbers), 'error' and 'close', and the events of a
 * Duplex.
 */
export declare class USocket extends Duplex {
  constructor(options?: string | USocketOptions | null, listener?: () => void);
  /** The descriptor, once it is connected. */
  fd: number | undefined;
  connect(target: string | USocketOptions, listener?: () => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as stream.Readable declares it
  read(size?: number | null): any;
  /** Null unless there are as many bytes and descriptors as asked for; null asks for all that there are. */
  read(
    size: number | null | undefined,
    fdCount: number | null,
  ): { data: Buffer | null; fds: number[] } | null;
  /** Puts bytes and descriptors back, for the next reads. */
  unshift(chunk: unknown, fds?: number[] | BufferEncoding): void;
  write(
    chunk: string,
    encoding?: BufferEncoding,
    callback?: (error?: Error | null) => void,
  ): boolean;
  write(
    chunk: string | Uint8Array | USocketMessage,
    callback?: (error?: Error | null) => void,
  ): boolean;
}

/** A server. Emits 'listening', 'connection' (`USocket`) and 'error'. */
export declare class UServer extends EventEmitter {
  /** The descriptor, once it listens. */
  fd: number | undefined;
  paused: boolean;
  listening: boolean;
  listen(path: string, backlog?: number, listener?: () => void): void;
  listen(path: string, listener?: () => void): void;
  listen(options: { path: string; backlog?: number }, listener?: () => void): void;
  pause(): void;
  resume(): void;
  close(): void;
}
