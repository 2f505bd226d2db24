import { invalidArgValue } from '../core/errors.js';
import { numberOf } from '../core/fd-like.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { socketOf } from '../core/file-kind.js';
import { Known } from '../core/known.js';
import { optionsOf } from '../core/validate.js';
import { ADOPT_LISTENER, type AdoptListenerOptions } from '../io/options.js';
import { UnixDatagram } from './datagram.js';
import { UnixSeqpacket } from './seqpacket.js';
import { UnixSeqpacketListener } from './seqpacket-listener.js';
import { UnixStream } from './stream.js';
import { UnixListener } from './stream-listener.js';

const FROM_FD = new Known<AdoptListenerOptions>('fromFd', ADOPT_LISTENER);

/**
 * Takes over a Unix socket, by number or from its owner, as an object of the class that its type
 * (SO_TYPE) and state (SO_ACCEPTCONN) call for, by that class's own `fromFd`. Options of one class, such as
 * `maxMessageSize` and `reconnect`, are refused: call that class's, as in
 * `UnixDatagram.fromFd(fd, { reconnect: true })`.
 *
 * Throws `ERR_INVALID_ARG_VALUE` for what is no Unix socket, for an option that it does not take, and for
 * `authorize` on a socket that does not listen, `unlinkOnClose` on one that is connected, `EBADF` for a number that is not open,
 * `ERR_SOCKET_CLOSED` for a `FileDescriptor` that is closed, and what the class's `fromFd` throws.
 * Ownership then stays where it was.
 */
export function fromFd(
  fd: number | FileDescriptor,
  options?: AdoptListenerOptions,
): UnixStream | UnixListener | UnixSeqpacket | UnixSeqpacketListener | UnixDatagram {
  const number = numberOf(fd);
  const parsed = optionsOf(options, FROM_FD);
  const { authorize, unlinkOnClose } = parsed;
  const socket = socketOf(number);
  if (socket?.domain !== 'unix') throw invalidArgValue('fd', 'must be a Unix socket', number);
  const { type, listening } = socket;
  if (authorize !== undefined && !listening) {
    throw invalidArgValue('options.authorize', 'is for a socket that listens', authorize);
  }
  if (unlinkOnClose !== undefined && !listening && type !== 'datagram') {
    const reason = 'is for a socket that listens, or a datagram socket';
    throw invalidArgValue('options.unlinkOnClose', reason, unlinkOnClose);
  }
  switch (type) {
    case 'stream':
      return listening ? UnixListener.fromFd(fd, parsed) : UnixStream.fromFd(fd, parsed);
    case 'seqpacket':
      return listening
        ? UnixSeqpacketListener.fromFd(fd, parsed)
        : UnixSeqpacket.fromFd(fd, parsed);
    case 'datagram':
      return UnixDatagram.fromFd(fd, parsed);
    default:
      throw invalidArgValue('fd', 'must be a stream, seqpacket or datagram socket', number);
  }
}
