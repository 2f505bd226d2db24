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
  MESSAGES,
  type MessageOptions,
  type MessageSettings,
  messageSettings,
} from '../io/message-options.js';
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
import { SOCK_SEQPACKET } from '../native/constants.js';
import { Listener } from './listener.js';
import { seqpacketOf, type UnixSeqpacket } from './seqpacket.js';
import { setUpBound } from './set-up.js';

const BIND = new Known<ListenOptions & MessageOptions>('UnixSeqpacketListener.bind', {
  ...LISTEN,
  ...MESSAGES,
});
const FROM_FD = new Known<AdoptListenerOptions & MessageOptions>('UnixSeqpacketListener.fromFd', {
  ...ADOPT_LISTENER,
  ...MESSAGES,
});

/** A listening seqpacket socket. It stays open until `close()`; `await using` closes it with its scope. */
export class UnixSeqpacketListener
  extends Listener<UnixSeqpacket>
  implements AsyncIterable<UnixSeqpacket>
{
  readonly #messages: MessageSettings;

  /** @internal Takes the handle over. */
  constructor(key: typeof CONSTRUCTING, handle: Handle, messages: MessageSettings) {
    const factories = 'UnixSeqpacketListener.bind() or UnixSeqpacketListener.fromFd()';
    checkConstructing(key, 'UnixSeqpacketListener', factories);
    super(key, handle);
    this.#messages = messages;
  }

  /**
   * Binds to `address` and listens. What `options` says of receiving holds for the connections it
   * accepts. Rejects with EADDRINUSE, EACCES, ENOENT (no such directory),
   * `ERR_UNSAFE_PATH` (see `allowUnsafePath`).
   */
  static override async bind(
    address: AddressLike,
    options?: ListenOptions & MessageOptions,
  ): Promise<UnixSeqpacketListener> {
    const parsed = optionsOf(options, BIND);
    const plan = bindPlan(address, parsed);
    const backlog = backlogOf(parsed.backlog);
    const settings = acceptSettings(parsed);
    const messages = messageSettings(parsed);
    const listener = new UnixSeqpacketListener(CONSTRUCTING, openHandle(SOCK_SEQPACKET), messages);
    listener[kConfigure](settings);
    await setUpBound(listener, plan, backlog);
    listener[kWatch]();
    return listener;
  }

  /**
   * Takes over a listening seqpacket socket, by number or from its owner. Its socket file stays when it is closed, unless
   * `unlinkOnClose` says otherwise. Throws `ERR_INVALID_ARG_VALUE` if it is of another type or not listening, `ENOTSOCK`,
   * `EBADF`, `ENOPROTOOPT`; ownership then stays where it was.
   */
  static fromFd(
    fd: number | FileDescriptor,
    options?: AdoptListenerOptions & MessageOptions,
  ): UnixSeqpacketListener {
    const parsed = optionsOf(options, FROM_FD);
    const settings = acceptSettings(parsed);
    const messages = messageSettings(parsed);
    const unlinks = unlinksOnClose(parsed.unlinkOnClose, false);
    const handle = adoptHandle(fd, SOCK_SEQPACKET, true, settings.receive);
    const listener = new UnixSeqpacketListener(CONSTRUCTING, handle, messages);
    listener[kConfigure](settings);
    listener[kReceives] = settings.receive;
    if (unlinks) adoptPath(listener[kHandle]);
    listener[kWatch]();
    return listener;
  }

  /** @internal */
  override [kWrap](handle: Handle): UnixSeqpacket {
    return seqpacketOf(handle, this[kConnectionReceives], this.#messages);
  }
}
