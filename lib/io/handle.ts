// Makes, adopts and configures handles for the sockets of all classes.

import { addressFromKernel } from '../core/address.js';
import { check, invalidArgValue, systemError } from '../core/errors.js';
import { numberOf } from '../core/fd-like.js';
import { FileDescriptor } from '../core/file-descriptor.js';
import { unixSocketKind } from '../core/file-kind.js';
import { turnOn } from '../core/sockopt.js';
import { type Handle, native } from '../native/binding.js';
import type { ReceiveSettings } from './options.js';

/** Sets which ancillary data a handle receives, and how many bytes of a message (0: all). */
export function configureReceive(handle: Handle, settings: ReceiveSettings, limit = 0): void {
  const { maxFds, fdPlaceholders, credentials, pidfds, timestamps, busyPoll } = settings;
  if (fdPlaceholders) turnOn(handle.fd, 'SO_RIGHTS_NOTRUNC');
  if (credentials) turnOn(handle.fd, 'SO_PASSCRED');
  if (pidfds) turnOn(handle.fd, 'SO_PASSPIDFD');
  if (timestamps) turnOn(handle.fd, 'SO_TIMESTAMP');
  // A kernel without this option drops unwanted descriptors at the receiver, which has no room for them.
  handle.passRights(maxFds > 0);
  handle.configure(maxFds > 0 || credentials || pidfds, limit, busyPoll, timestamps);
}

/** Makes a handle of a new socket of this type. */
export function openHandle(type: number): Handle {
  const handle = native.sockets.open(type);
  if (typeof handle === 'number') throw systemError('socket', handle);
  return handle;
}

/** Makes handles of two sockets that are connected to each other. */
export function openPair(type: number): [Handle, Handle] {
  const pair = native.sockets.openPair(type);
  if (typeof pair === 'number') throw systemError('socketpair', pair);
  return pair;
}

/**
 * Adopts a descriptor, which must be an AF_UNIX socket of this type, listening or not as `listening` says, and
 * configures it (see `configureReceive`). Whatever fails, ownership stays where it was.
 */
export function adoptHandle(
  fd: number | FileDescriptor,
  type: number,
  listening: boolean,
  settings: ReceiveSettings,
  limit = 0,
): Handle {
  const number = numberOf(fd);
  const found = check('getsockopt', native.descriptors.socketKind(number));
  if (found !== unixSocketKind(type, listening)) {
    throw invalidArgValue(
      'fd',
      `must be a ${listening ? 'listening ' : ''}Unix socket of this class's type`,
      number,
    );
  }
  const handle = native.sockets.adopt(number);
  if (typeof handle === 'number') throw systemError('getsockname', handle);
  try {
    configureReceive(handle, settings, limit);
  } catch (error) {
    handle.detach(); // the environment owns it now, as it does what a FileDescriptor has
    if (typeof fd === 'number') native.descriptors.disown(number);
    throw error;
  }
  if (fd instanceof FileDescriptor) fd.detach();
  return handle;
}

/**
 * Has an adopted handle remove its socket file when it is closed, if the kernel knows that by a path that means the same
 * file in this process.
 */
export function adoptPath(handle: Handle): void {
  const name = native.raw.getsockname(handle.fd);
  if (typeof name === 'number' || addressFromKernel(name).kind !== 'pathname') return;
  // Where this fails there is no such file, or none that this process may remove.
  handle.adoptPath(name);
}
