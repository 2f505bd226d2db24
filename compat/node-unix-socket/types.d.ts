/// <reference types="node" />
import { EventEmitter } from 'node:events';

export type SendCb = (err: undefined | Error) => void;
export type NotifyCb = () => void;

/** A datagram socket. Emits 'data' (buffer, path of the sender), 'error' and 'close'. */
export declare class DgramSocket extends EventEmitter {
  constructor();
  bind(socketPath: string): void;
  sendTo(buf: Uint8Array, offset: number, length: number, destPath: string, onWrite?: SendCb): void;
  /** SO_RCVBUF. */
  getRecvBufferSize(): number;
  setRecvBufferSize(size: number): void;
  /** SO_SNDBUF. */
  getSendBufferSize(): number;
  setSendBufferSize(size: number): void;
  /** Returns the path that it is bound to, or ''. */
  address(): string;
  close(): void;
}

/** A seqpacket server. Emits 'connection' (`SeqpacketSocket`, path of the client), 'error' and 'close'. */
export declare class SeqpacketServer extends EventEmitter {
  constructor();
  /** Returns the path that it listens on, or ''. */
  address(): string;
  listen(bindpath: string, backlog?: number): void;
  close(): void;
  ref(): void;
  unref(): void;
}

/** A seqpacket connection. Emits 'connect', 'data' (buffer), 'end', 'error' and 'close'. */
export declare class SeqpacketSocket extends EventEmitter {
  constructor(fd?: number);
  /** Throws if nobody listens. */
  connect(serverPath: string, connectCb?: NotifyCb): void;
  write(buf: Uint8Array, offset?: number, length?: number, cb?: NotifyCb): void;
  /** Ends the writing side once everything is written. */
  end(cb?: NotifyCb): void;
  getInternalReadBufferSize(): number;
  /** Longer messages are truncated from now on. */
  setInternalReadBufferSize(size: number): void;
  ref(): void;
  unref(): void;
  destroy(): void;
  close(): void;
}

/** Throws: afunix has no TCP. Node.js 22.12 has `reusePort` of `server.listen()`. */
export declare function createReuseportFd(port?: number, host?: string): never;
/** Closes a descriptor. */
export declare function closeFd(fd: number): void;
