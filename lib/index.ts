/// <reference types="node" preserve="true" />
export { type AddressLike, UnixAddress } from './core/address.js';
export type { AncillaryOptions } from './core/ancillary.js';
export type { NetSocketOptions } from './core/conversions.js';
export type { Credentials } from './core/credentials.js';
export type {
  AcceptEvent,
  ConnectEvent,
  FdsEvent,
  MessageEvent,
} from './core/diagnostics.js';
export type { ErrorEvent, SystemError } from './core/errors.js';
export type { FdLike } from './core/fd-like.js';
export { type Features, features } from './core/features.js';
export {
  FileDescriptor,
  type FileKind,
  type SocketDomain,
  type SocketType,
} from './core/file-descriptor.js';
export type { FileReadOptions, FileWriteOptions } from './core/file-streams.js';
export type { Description } from './core/inspection.js';
export { type MapOptions, MemoryMap, type Seal } from './core/memory-map.js';
export type { WaitOptions } from './core/readiness.js';
export type { DatagramStats, Queue, SocketStats, Traffic } from './core/stats.js';
export type { Data } from './core/validate.js';
export { Datagram, Message } from './io/message.js';
export type {
  AdoptDatagramOptions,
  BindDatagramOptions,
  ConnectionChange,
  DatagramOptions,
  MessageOptions,
  SendQueueLimit,
} from './io/message-options.js';
export type {
  AdoptListenerOptions,
  AuthorizeOptions,
  BindOptions,
  ConnectOptions,
  ListenOptions,
  ReceiveOptions,
} from './io/options.js';
export { Peer } from './io/peer.js';
export { PidFd, type WaitExitOptions } from './io/pidfd.js';
export type { ProcessExit, ProcessInfo } from './io/process-info.js';
export { UnixDatagram } from './sockets/datagram.js';
export type { OutgoingDatagram } from './sockets/datagram-batch.js';
export { fromFd } from './sockets/from-fd.js';
export type { AcceptOptions, Listener } from './sockets/listener.js';
export type { MessageSocket } from './sockets/message-socket.js';
export type {
  OnMessagesOptions,
  ReadOptions,
  ReceiveMessageOptions,
  ReceiveStreamOptions,
  SendDatagramOptions,
  SendFileOptions,
  SendOptions,
  WriteOptions,
} from './sockets/options.js';
export {
  type OnSeqpacketMessagesOptions,
  UnixSeqpacket,
} from './sockets/seqpacket.js';
export { UnixSeqpacketListener } from './sockets/seqpacket-listener.js';
export type { UnixSocket } from './sockets/socket.js';
export { type StreamMessage, UnixStream } from './sockets/stream.js';
export { UnixListener } from './sockets/stream-listener.js';
