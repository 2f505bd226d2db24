// Errors of sending: why the kernel refused a message.
import { platform } from 'node:process';
import type { UnixAddress } from '../core/address.js';
import { type SystemError, systemError } from '../core/errors.js';
import { getOption } from '../core/sockopt.js';
import type { Handle } from '../native/binding.js';
import { SO_SNDBUF, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } from '../native/constants.js';
import { EMSGSIZE, EPERM } from '../native/errno.js';

/** Bytes of SO_SNDBUF that Linux does not give to the data of a message. */
const OVERHEAD = platform === 'linux' ? 32 : 0;

/** What goes with a message, as `Ancillary` or as what of it is left. */
interface AncillaryParts {
  readonly fds: readonly unknown[] | undefined;
  readonly credentials: object | undefined;
}

/** Makes the error of a send that returned `result`. `message` and `address`: what had to go in one piece, and where to. */
export function sendError(
  handle: Handle,
  result: number,
  ancillary: AncillaryParts | undefined,
  message?: Uint8Array,
  address?: UnixAddress,
): SystemError {
  const syscall = handle.type === SOCK_STREAM ? 'write' : 'send';
  return systemError(syscall, result, address, {
    hint: hintOf(handle, result, ancillary, message),
  });
}

function hintOf(
  handle: Handle,
  result: number,
  ancillary: AncillaryParts | undefined,
  message: Uint8Array | undefined,
): string | undefined {
  if (result === EMSGSIZE && message !== undefined) {
    const limit = getOption(handle.fd, SOL_SOCKET, SO_SNDBUF) - OVERHEAD;
    return `it has ${message.length} bytes, and SO_SNDBUF admits ${limit} (see sendBufferSize)`;
  }
  if (result !== EPERM) return undefined;
  const causes: string[] = [];
  if (ancillary?.fds?.length) {
    causes.push('the receiver accepts no descriptors (see its option maxFds)');
  }
  if (ancillary?.credentials) causes.push('this process may not send these credentials');
  if (handle.type === SOCK_DGRAM) causes.push('the receiver is connected to another socket');
  return causes.length === 0 ? undefined : causes.join(', or ');
}
