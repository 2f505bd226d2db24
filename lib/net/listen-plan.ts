// The arguments of `listen()` of a Server, checked before any system call.
import { isAddressLike, type UnixAddress } from '../core/address.js';
import { invalidArgValue } from '../core/errors.js';
import type { Parsed } from '../core/validate.js';
import { type BindOptions, type BindPlan, bindPlan, DEFAULT_BACKLOG } from '../io/options.js';
import type { ListenOptions } from './options.js';

const READABLE_BY_ALL = 0o444;
const WRITABLE_BY_ALL = 0o222;

/** Where to listen, and how many connections may wait there. */
export interface ListenPlan {
  readonly bind: BindPlan;
  readonly backlog: number;
}

/**
 * Returns the plan of a `listen()` with a path, and the default backlog if there is none. `argument` is its first argument, for errors. Throws
 * ERR_INVALID_ARG_VALUE without a path.
 */
export function listenPlan(
  options: Parsed<ListenOptions>,
  backlog: number | undefined,
  argument: unknown,
): ListenPlan {
  const { path, readableAll, writableAll } = options;
  if (path === undefined || path === null) {
    throw invalidArgValue('options', 'must have the property "path" or "fd"', argument);
  }
  if (!isAddressLike(path)) throw invalidArgValue('options', 'is invalid', argument);
  const bind = bindPlan(path, options as Parsed<BindOptions>);
  const added = (readableAll ? READABLE_BY_ALL : 0) | (writableAll ? WRITABLE_BY_ALL : 0);
  if (added !== 0 && bind.address.kind === 'abstract') {
    throw invalidArgValue(
      'options',
      'can not set readableAll or writableAll to true when path is abstract unix socket',
      argument,
    );
  }
  if (added !== 0) bind.mode = Math.max(bind.mode, 0) | added;
  return { bind, backlog: backlog ?? DEFAULT_BACKLOG };
}

/**
 * Returns the backlog among arguments that follow an address, or that of the options: undefined for none, which 0 is,
 * too.
 */
export function givenBacklog(option: unknown, rest: readonly unknown[]): number | undefined {
  const backlog = option || rest.slice(0, 2).find((value) => Number(value) > 0);
  if (!backlog) return undefined;
  // As listen(2) takes it: a negative one is the most that the system allows.
  const number = Number(backlog) | 0;
  return number < 0 ? 2 ** 31 - 1 : number;
}

/** Returns the name of an address as `server.address()` has it: an abstract one with its leading NUL. */
export function nameOf(address: UnixAddress): string {
  return address.path ?? address.bytes.toString();
}
