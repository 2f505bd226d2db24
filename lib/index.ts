export { type AddressLike, UnixAddress } from './address.js';
export type { Data } from './arguments.js';
export type { Credentials } from './credentials.js';
export { type SendDatagramOptions, UnixDatagram } from './datagram.js';
export type {
  AcceptEvent,
  ConnectEvent,
  FdsEvent,
  MessageEvent,
} from './diagnostics.js';
export type { ErrorEvent, SystemError } from './errors.js';
export { type Features, features } from './features.js';
export {
  FileDescriptor,
  type FileKind,
  type SocketDomain,
  type SocketType,
} from './file-descriptor.js';
export type { FileReadOptions, FileWriteOptions } from './file-streams.js';
export { fromFd } from './from-fd.js';
export { type AcceptOptions, Listener } from './listener.js';
export { Datagram, Message } from './message.js';
export type {
  BindDatagramOptions,
  ConnectionChange,
  DatagramOptions,
  MessageOptions,
  SendQueueLimit,
} from './message-options.js';
export {
  MessageSocket,
  type OnMessagesOptions,
  type ReceiveMessageOptions,
} from './message-socket.js';
export type {
  AuthorizeOptions,
  BindOptions,
  ConnectOptions,
  ListenOptions,
  ReceiveOptions,
} from './options.js';
export type { OutgoingDatagram } from './outgoing.js';
export { Peer } from './peer.js';
export { PidFd, type WaitExitOptions } from './pidfd.js';
export type { Sendable } from './sendable.js';
export { type OnSeqpacketMessagesOptions, type SendOptions, UnixSeqpacket } from './seqpacket.js';
export { UnixSeqpacketListener } from './seqpacket-listener.js';
export { UnixSocket } from './socket.js';
export type { Queue, SocketStats, Traffic } from './stats.js';
export { type ReadOptions, type StreamMessage, UnixStream, type WriteOptions } from './stream.js';
export { UnixListener } from './stream-listener.js';
