// The arguments of `listen()` of a Server, checked before any system call.
import type { UnixAddress } from '../core/address.js';
import { invalidArgValue } from '../core/errors.js';
import type { Parsed } from '../core/validate.js';
import { type BindOptions, type BindPlan, backlogOf, bindPlan } from '../io/options.js';
import type { ListenOptions } from './options.js';

const READABLE_BY_ALL = 0o444;
const WRITABLE_BY_ALL = 0o222;

/** Where to listen, and how many connections may wait there. */
export interface ListenPlan {
  readonly bind: BindPlan;
  readonly backlog: number;
}

/**
 * Returns the plan of a `listen()` with a path. `argument` is its first argument, for errors. Throws
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
  const bind = bindPlan(path, options as Parsed<BindOptions>);
  const added = (readableAll ? READABLE_BY_ALL : 0) | (writableAll ? WRITABLE_BY_ALL : 0);
  if (added !== 0 && bind.address.kind === 'abstract') {
    throw invalidArgValue(
      'options',
      'cannot set readableAll or writableAll when path is abstract',
      options,
    );
  }
  if (added !== 0) bind.mode = Math.max(bind.mode, 0) | added;
  // Node takes 0 for the default.
  return { bind, backlog: backlogOf(backlog || undefined) };
}

/** Returns the name of an address as `server.address()` has it: an abstract one with its leading NUL. */
export function nameOf(address: UnixAddress): string {
  return address.path ?? address.bytes.toString();
}
