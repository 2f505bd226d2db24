// How a server begins to listen: with the socket that its predecessor leaves, or with one of its own.
import { once } from 'node:events';
import type nodeNet from 'node:net';
import { type AddressLike, isAddressLike, UnixAddress } from '../core/address.js';
import { invalidArgType, invalidArgValue, unavailable } from '../core/errors.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import { isWithoutDescriptor } from '../core/node-server.js';
import { kImplementation } from '../core/symbols.js';
import { integer, optionsOf } from '../core/validate.js';
import type { BindOptions } from '../io/options.js';
import { Server } from '../net/server.js';
import { UnixListener } from '../sockets/stream-listener.js';
import type { AnyServer } from './retire.js';

/** Where a server listens that no predecessor has a socket for: at a port, or at a Unix socket. */
export interface HandoverListenOptions
  extends Pick<BindOptions, 'mode' | 'owner' | 'group' | 'replace' | 'allowUnsafePath'> {
  /** A TCP port; 0 for any free one. */
  port?: number;
  /** The host of the port. Default: all addresses of this machine. */
  host?: string;
  /** Whether `host` `::` is for IPv6 alone. Default false. */
  ipv6Only?: boolean;
  /**
   * A path, or an abstract name, in place of a port. The file is never removed: it belongs to whichever process listens.
   * `replace` is `'stale'` by default, so that a server that died is followed by one that begins anew.
   */
  path?: AddressLike;
  /** Connections that may wait to be accepted (default 511). */
  backlog?: number;
}

const LISTEN = new Known<HandoverListenOptions>('Handover.listen', {
  port: 1,
  host: 1,
  ipv6Only: 1,
  path: 1,
  mode: 1,
  owner: 1,
  group: 1,
  replace: 1,
  allowUnsafePath: 1,
  backlog: 1,
});

/** Checks the options of `Handover.listen()`. */
export function listenOptionsOf(
  server: AnyServer,
  options: HandoverListenOptions | AddressLike | number,
): HandoverListenOptions {
  if (typeof options === 'number') return listenOptionsOf(server, { port: options });
  const parsed = optionsOf(isAddressLike(options) ? { path: options } : options, LISTEN);
  const { port, path } = parsed;
  if ((port === undefined) === (path === undefined)) {
    throw invalidArgValue('options', 'must have either a port or a path', options);
  }
  if (port !== undefined) integer('options.port', port, 0, 65535);
  if (!isOurs(server) && isWithoutDescriptor(server)) {
    throw unavailable('Handover.listen() of a server of node:http that is not attached');
  }
  if (path !== undefined) return { ...parsed, path: UnixAddress.from(path) };
  if (isOurs(server)) throw invalidArgType('options.path', 'a path or an abstract name', path);
  return parsed;
}

/** Whether a server listens on sockets of this package. */
function isOurs(server: AnyServer): server is Server {
  return server instanceof Server || Object.hasOwn(server, kImplementation);
}

/** Resolves when the server listens, on `inherited` if that is there. */
export async function startListening(
  server: AnyServer,
  { port, host, ipv6Only, path, ...file }: HandoverListenOptions,
  inherited: FileDescriptor | undefined,
): Promise<void> {
  let fd = inherited;
  const kept = { replace: 'stale', ...file, unlinkOnClose: false } as const;
  if (isOurs(server)) {
    server.listen(fd === undefined ? { ...kept, path: path as UnixAddress } : { fd });
  } else {
    // libuv would remove the path of a server that it has bound itself.
    if (path !== undefined) fd ??= (await UnixListener.bind(path, kept)).detach();
    const { backlog } = file;
    const network = { port, host, ipv6Only, backlog } as nodeNet.ListenOptions;
    (server as nodeNet.Server).listen(fd === undefined ? network : { fd: fd.detach() });
  }
  await once(server, 'listening');
}
