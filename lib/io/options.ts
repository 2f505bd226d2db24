// Options that several sockets share, and their checks.
import { groupOf, userOf } from '../core/account.js';
import { type AddressLike, UnixAddress } from '../core/address.js';
import { invalidArgType, invalidArgValue, outOfRange, unavailable } from '../core/errors.js';
import { MAX_FDS } from '../core/fd-like.js';
import { type Features, features } from '../core/features.js';
import type { Names } from '../core/known.js';
import { checkSignal, integer, type Parsed } from '../core/validate.js';
import { bare } from '../native/bare.js';
import { native } from '../native/binding.js';
import type { Peer } from './peer.js';

/** The ancillary data that a socket receives, and how it waits for messages. */
export interface ReceiveOptions {
  /**
   * How many descriptors a message may bring, 0 to 253 (default 0: none). Any more are closed, and
   * the message says `controlTruncated`.
   */
  maxFds?: number;
  /**
   * A descriptor that the kernel refuses to this process (EPERM or EACCES of a security module, EMFILE) keeps its place in
   * `fds`, so that those behind it come, too: a `FileDescriptor` that is closed, and whose `refusal` says why
   * (SO_RIGHTS_NOTRUNC, Linux 7.3). `controlTruncated` is true then. Default false: that one and all behind it are
   * dropped. ERR_FEATURE_UNAVAILABLE_ON_PLATFORM where `features().fdPlaceholders` is false.
   */
  fdPlaceholders?: boolean;
  /** Each message carries its sender's credentials (SO_PASSCRED, Linux). Default false. */
  credentials?: boolean;
  /** Each message carries a pidfd of its sender (SO_PASSPIDFD, Linux 6.5). Default false. */
  pidfds?: boolean;
  /**
   * Microseconds, 0 to 1,000,000 (default 0), that the process stays awake for the next message after
   * it has handled one: to be woken takes longer than most answers. It costs that much processor time
   * whenever nothing comes, and gains nothing where both ends share one processor. Timers and all
   * other sockets are served meanwhile. Throws ERR_FEATURE_UNAVAILABLE_ON_PLATFORM on Bun and Deno, whose
   * loop it cannot keep from sleeping.
   */
  busyPoll?: number;
}

/** How a socket gets its name. */
export interface BindOptions extends ReceiveOptions {
  /**
   * The socket file's mode, 0 to 0o777, such as `0o660`: exactly this, whatever the umask. The file is
   * never more open than that, not even for a moment. Default: 0o777 less the umask. Always write `0o`:
   * decimals over 511, such as 600, 644, 660 or 777, are refused (ERR_OUT_OF_RANGE), but smaller ones
   * cannot be told from octal ones: 440 is 0o670. Only for pathnames: ERR_INVALID_ARG_VALUE for others.
   */
  mode?: number;
  /**
   * The socket file's owner, by number (0 to 2^32-2) or name, set before anybody can use the socket (chown(2)); on
   * macOS, for a datagram socket, just after. Default: this process's user. Takes root, or CAP_CHOWN and CAP_FOWNER:
   * EPERM without. `ERR_UNKNOWN_CREDENTIAL` for a name that the system does not know. A name is looked up in this
   * thread, which may wait for a server (nsswitch.conf(5)). Throws as `mode` for what is no pathname.
   */
  owner?: number | string;
  /**
   * The socket file's group, as `owner`. An owner may set it to a group of its own. Default: this process's, or the
   * directory's if that is set-group-ID.
   */
  group?: number | string;
  /**
   * Says what to do when a socket file is there already. `'never'` (default): EADDRINUSE. `'stale'`: take
   * the path if nobody answers there; of many processes that try at once one wins, the others get
   * EADDRINUSE. `'always'`: swap it atomically, whoever answers there. A file that is not a socket is
   * never touched: EADDRINUSE. Does not matter for abstract names.
   */
  replace?: 'never' | 'stale' | 'always';
  /**
   * Whether `close()` removes the socket file, if it is still the one this socket made; so does the end of
   * the process or worker, but not `process.exit()` of the main thread, nor a signal. Default true.
   */
  unlinkOnClose?: boolean;
  /**
   * Binds where others could put a socket of their own in place of this one. Without it, bind refuses a
   * directory that all may write and that lacks the sticky bit (`ERR_UNSAFE_PATH`), and a symbolic link
   * where the socket should be (EADDRINUSE); with it, the link is followed. Default false. Does not
   * matter for abstract names. docs/security.md says why.
   */
  allowUnsafePath?: boolean;
}

/** Options of a listener's connections: who may connect, and what a connection receives. */
export interface AuthorizeOptions extends ReceiveOptions {
  /**
   * Decides, by who is at the other end, whether a connection is handed over: only `true`, or a promise
   * of it, lets it in. One that is refused is closed at once, and counted by the listener's `refused`.
   * An error of `authorize` refuses as well, with a process warning for the first
   * (`AFUNIX_AUTHORIZE_FAILED`). At most 256 promises may be pending; further connections wait in the
   * backlog. Closing the listener closes the connections that are not decided.
   */
  authorize?: (peer: Peer) => boolean | Promise<boolean>;
}

/** Options of a listener that is taken over. */
export interface AdoptListenerOptions extends AuthorizeOptions {
  /**
   * Whether `close()` removes the socket file. It is removed only if the path that the kernel knows (getsockname(2)) is
   * absolute, and still leads to the file that was there when the socket was taken over. A process with CAP_NET_ADMIN
   * removes only the file that this very socket made (SIOCUNIXFILE, Linux). `detach()` leaves it. Default false. Does not
   * matter for abstract names.
   */
  unlinkOnClose?: boolean;
}

/** How a listener gets its name and queue. */
export interface ListenOptions extends BindOptions, AuthorizeOptions {
  /** Connections that may wait to be accepted, 0 to 2^31-1 (default 511), capped by `net.core.somaxconn`. */
  backlog?: number;
}

/** How a socket connects. */
export interface ConnectOptions extends ReceiveOptions {
  /** Gives up waiting for room in a full backlog, with an `AbortError`. */
  signal?: AbortSignal;
  /** Milliseconds to wait for room in a full backlog before ETIMEDOUT (default: for ever). */
  timeout?: number;
  /** Binds the socket before it connects, so that its peer sees an address. */
  localAddress?: AddressLike;
  /** Where `localAddress` may be, as in `BindOptions`. Default false. */
  allowUnsafePath?: boolean;
}

/** Checked `ReceiveOptions`. */
export interface ReceiveSettings {
  maxFds: number;
  fdPlaceholders: boolean;
  credentials: boolean;
  pidfds: boolean;
  /** Of sockets that keep messages apart alone. */
  timestamps: boolean;
  busyPoll: number;
}

/** Nothing but bytes. */
export const NO_ANCILLARY: ReceiveSettings = {
  maxFds: 0,
  fdPlaceholders: false,
  credentials: false,
  pidfds: false,
  timestamps: false,
  busyPoll: 0,
};

export const RECEIVE: Names<ReceiveOptions> = {
  maxFds: 1,
  fdPlaceholders: 1,
  credentials: 1,
  pidfds: 1,
  busyPoll: 1,
};
/** Options of the file that a bind makes. */
export const FILE: Names<Omit<BindOptions, keyof ReceiveOptions>> = {
  mode: 1,
  owner: 1,
  group: 1,
  replace: 1,
  unlinkOnClose: 1,
  allowUnsafePath: 1,
};
export const BIND: Names<BindOptions> = { ...FILE, ...RECEIVE };
export const AUTHORIZE: Names<AuthorizeOptions> = { ...RECEIVE, authorize: 1 };
export const ADOPT_LISTENER: Names<AdoptListenerOptions> = { ...AUTHORIZE, unlinkOnClose: 1 };
export const LISTEN: Names<ListenOptions> = { ...BIND, authorize: 1, backlog: 1 };
export const CONNECT: Names<ConnectOptions> = {
  ...RECEIVE,
  signal: 1,
  timeout: 1,
  localAddress: 1,
  allowUnsafePath: 1,
};

const replaceModes = new Map<unknown, 0 | 1 | 2>([
  ['never', 0],
  ['stale', 1],
  ['always', 2],
]);

function boolean(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw invalidArgType(`options.${name}`, 'of type boolean', value);
  return value;
}

/** Checks an option that only some kernels have. Throws ERR_FEATURE_UNAVAILABLE_ON_PLATFORM if it is asked for in vain. */
function ifAvailable(name: string & keyof Features, value: unknown): boolean {
  const wanted = boolean(name, value, false);
  if (wanted && !features()[name]) throw unavailable(`options.${name}`);
  return wanted;
}

/** Checks the option `unlinkOnClose`. */
export function unlinksOnClose(value: unknown, fallback: boolean): boolean {
  return boolean('unlinkOnClose', value, fallback);
}

/** Checks the options of receiving. Only sockets that keep messages apart know `timestamps`. */
export function receiveSettings(
  options: Parsed<ReceiveOptions & { timestamps?: boolean }>,
): ReceiveSettings {
  const { maxFds, fdPlaceholders, credentials, pidfds, timestamps, busyPoll } = options;
  return {
    maxFds: maxFds === undefined ? 0 : integer('options.maxFds', maxFds, 0, MAX_FDS),
    fdPlaceholders: ifAvailable('fdPlaceholders', fdPlaceholders),
    credentials: boolean('credentials', credentials, false),
    pidfds: boolean('pidfds', pidfds, false),
    timestamps: ifAvailable('timestamps', timestamps),
    busyPoll: busyPollTime(busyPoll),
  };
}

function busyPollTime(value: unknown): number {
  if (value === undefined) return 0;
  const microseconds = integer('options.busyPoll', value, 0, 1_000_000);
  if (microseconds > 0 && !native.hasLoop) throw unavailable('options.busyPoll');
  return microseconds;
}

/** A checked bind: what the addon needs. */
export interface BindPlan {
  address: UnixAddress;
  mode: number;
  /** -1: as the system says. */
  owner: number;
  /** -1: as the system says. */
  group: number;
  replace: 0 | 1 | 2;
  unlinkOnClose: boolean;
  allowUnsafePath: boolean;
  receive: ReceiveSettings;
}

/** Checks the arguments of a bind, before any system call. */
export function bindPlan(address: AddressLike, options: Parsed<BindOptions>): BindPlan {
  const { mode, owner, group, replace, unlinkOnClose, allowUnsafePath } = options;
  const replaceMode = replace === undefined ? 0 : replaceModes.get(replace);
  if (replaceMode === undefined) {
    throw invalidArgValue('options.replace', "must be 'never', 'stale' or 'always'", replace);
  }
  const to = UnixAddress.from(address);
  for (const [name, value] of Object.entries({ mode, owner, group })) {
    if (value === undefined || to.kind === 'pathname') continue;
    const reason = `is for a pathname; an ${to.kind} address has none`;
    throw invalidArgValue(`options.${name}`, reason, value);
  }
  return {
    address: to,
    mode: mode === undefined ? -1 : modeOf('options.mode', mode),
    owner: owner === undefined ? -1 : userOf('options.owner', owner),
    group: group === undefined ? -1 : groupOf('options.group', group),
    replace: replaceMode,
    unlinkOnClose: unlinksOnClose(unlinkOnClose, true),
    allowUnsafePath: boolean('allowUnsafePath', allowUnsafePath, false),
    receive: receiveSettings(options),
  };
}

/** Checks a file's mode. A larger one is most likely an octal number that was written as a decimal. */
function modeOf(name: string, mode: unknown): number {
  if (typeof mode !== 'number' || (mode >= 0 && mode <= 0o777))
    return integer(name, mode, 0, 0o777);
  const octal = Number.parseInt(String(mode), 8);
  const meant = mode > 0 && octal.toString(8) === String(mode) && octal <= 0o777;
  const hint = meant ? ` (modes are octal: 0o${mode}?)` : '';
  throw outOfRange(name, `an integer >= 0 and <= 0o777${hint}`, mode);
}

/** A checked connect. */
export interface ConnectPlan {
  address: UnixAddress;
  local: BindPlan | undefined;
  signal: AbortSignal | undefined;
  timeout: number;
  receive: ReceiveSettings;
}

/** Checks the arguments of a connect, before any system call. */
export function connectPlan(address: AddressLike, options: Parsed<ConnectOptions>): ConnectPlan {
  const { localAddress, allowUnsafePath, signal, timeout } = options;
  checkSignal(signal);
  const bind = bare({ allowUnsafePath }) as Parsed<BindOptions>;
  return {
    address: UnixAddress.from(address),
    local: localAddress === undefined ? undefined : bindPlan(localAddress, bind),
    signal,
    timeout:
      timeout === undefined ? Number.POSITIVE_INFINITY : integer('options.timeout', timeout, 0),
    receive: receiveSettings(options),
  };
}

/** Checked `AuthorizeOptions`. */
export interface AcceptSettings {
  receive: ReceiveSettings;
  authorize: AuthorizeOptions['authorize'] | undefined;
}

export function acceptSettings(options: Parsed<AuthorizeOptions>): AcceptSettings {
  const { authorize } = options;
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw invalidArgType('options.authorize', 'of type function', authorize);
  }
  return { receive: receiveSettings(options), authorize };
}

/** Node's own default, which the system caps. */
export const DEFAULT_BACKLOG = 511;

export function backlogOf(backlog: number | undefined): number {
  return backlog === undefined ? DEFAULT_BACKLOG : integer('options.backlog', backlog, 0);
}
