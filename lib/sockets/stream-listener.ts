import type { AddressLike } from '../core/address.js';
import { CONSTRUCTING, checkConstructing } from '../core/constructing.js';
import type { FileDescriptor } from '../core/file-descriptor.js';
import { Known } from '../core/known.js';
import {
  kConfigure,
  kConnectionReceives,
  kHandle,
  kReceives,
  kWatch,
  kWrap,
} from '../core/symbols.js';
import { optionsOf } from '../core/validate.js';
import { adoptHandle, adoptPath, openHandle } from '../io/handle.js';
import {
  ADOPT_LISTENER,
  type AdoptListenerOptions,
  acceptSettings,
  backlogOf,
  bindPlan,
  LISTEN,
  type ListenOptions,
  unlinksOnClose,
} from '../io/options.js';
import type { Handle } from '../native/binding.js';
import { SOCK_STREAM } from '../native/constants.js';
import { Listener } from './listener.js';
import { setUpBound } from './set-up.js';
import { streamOf, type UnixStream } from './stream.js';

const BIND = new Known<ListenOptions>('UnixListener.bind', LISTEN);
const FROM_FD = new Known<AdoptListenerOptions>('UnixListener.fromFd', ADOPT_LISTENER);

/** A listening stream socket. It stays open until `close()`; `await using` closes it with its scope. */
export class UnixListener extends Listener<UnixStream> implements AsyncIterable<UnixStream> {
  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle) {
    checkConstructing(key, 'UnixListener', 'UnixListener.bind() or UnixListener.fromFd()');
    super(key, handle);
  }

  /**
   * Binds to `address` and listens. What `options` says of receiving holds for the connections it
   * accepts. Rejects with EADDRINUSE, EACCES, ENOENT (no such directory),
   * `ERR_UNSAFE_PATH` (see `allowUnsafePath`).
   */
  static override async bind(address: AddressLike, options?: ListenOptions): Promise<UnixListener> {
    const parsed = optionsOf(options, BIND);
    const plan = bindPlan(address, parsed);
    const settings = acceptSettings(parsed);
    const backlog = backlogOf(parsed.backlog);
    const listener = new UnixListener(CONSTRUCTING, openHandle(SOCK_STREAM));
    listener[kConfigure](settings);
    await setUpBound(listener, plan, backlog);
    listener[kWatch]();
    return listener;
  }

  /**
   * Takes over a listening stream socket, by number or from its owner. Its socket file stays when it is closed, unless
   * `unlinkOnClose` says otherwise. Throws `ERR_INVALID_ARG_VALUE` if it is of another type or not listening, `ENOTSOCK`,
   * `EBADF`, `ENOPROTOOPT`; ownership then stays where it was.
   */
  static fromFd(fd: number | FileDescriptor, options?: AdoptListenerOptions): UnixListener {
    const parsed = optionsOf(options, FROM_FD);
    const settings = acceptSettings(parsed);
    const unlinks = unlinksOnClose(parsed.unlinkOnClose, false);
    const listener = new UnixListener(
      CONSTRUCTING,
      adoptHandle(fd, SOCK_STREAM, true, settings.receive),
    );
    listener[kConfigure](settings);
    listener[kReceives] = settings.receive;
    if (unlinks) adoptPath(listener[kHandle]);
    listener[kWatch]();
    return listener;
  }

  /** @internal */
  override [kWrap](handle: Handle): UnixStream {
    return streamOf(handle, this[kConnectionReceives]);
  }
}
