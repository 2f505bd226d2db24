// Errors of binding: what is in the way, and the option that helps.
import { statSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { bytesOfAddress } from '../core/address.js';
import { codedError, type SystemError, setAddress, systemError } from '../core/errors.js';
import { SYMBOLIC_LINK, UNSAFE_DIRECTORY } from '../native/binding.js';
import { EADDRINUSE, EPERM } from '../native/errno.js';
import type { BindPlan } from './options.js';

/**
 * Makes the error of a bind that returned `result`: a system error, or `ERR_UNSAFE_PATH`. A server of afunix/net names
 * the `syscall` listen, and describes the error, as node:net does.
 */
export function bindError(
  result: number,
  plan: BindPlan,
  syscall: 'bind' | 'listen' = 'bind',
): SystemError {
  const { address } = plan;
  if (result === UNSAFE_DIRECTORY) {
    const message = `${syscall} ERR_UNSAFE_PATH ${address}: all may write its directory, which is not sticky (see allowUnsafePath)`;
    const error = codedError(Error, 'ERR_UNSAFE_PATH', message);
    return setAddress(Object.assign(error, { errno: EPERM, syscall }), String(address));
  }
  if (result === SYMBOLIC_LINK) {
    const hint = 'it is a symbolic link (see allowUnsafePath)';
    return systemError(syscall, EADDRINUSE, address, { hint });
  }
  const hint =
    result === EADDRINUSE ? inTheWay(plan) : result === EPERM ? notOwned(plan) : undefined;
  if (syscall === 'bind') return systemError(syscall, result, address, { hint });
  const [, description] = getSystemErrorMap().get(result) ?? [];
  return systemError(syscall, result, address, { description, hint });
}

/** Says which option takes a right that this process lacks. */
function notOwned({ owner, group }: BindPlan): string | undefined {
  if (owner < 0 && group < 0) return undefined;
  return 'this process may not give the file that owner, group and mode';
}

/** Says what has the address; undefined if that cannot be seen. `replace` 0 is `'never'`. */
function inTheWay({ address, replace }: BindPlan): string | undefined {
  if (address.kind === 'abstract') return 'another socket has this name';
  if (address.kind !== 'pathname') return undefined;
  try {
    if (!statSync(bytesOfAddress(address)).isSocket()) {
      return 'the file is no socket, and is never replaced';
    }
  } catch {
    return undefined; // it is gone again, or this process may not look
  }
  return replace === 0
    ? 'a socket file is there (see the option replace)'
    : 'a socket that answers is there';
}
