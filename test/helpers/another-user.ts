// Processes of another user, which takes root to start.
import { geteuid } from 'node:process';
import { describe, test } from 'vitest';
import { Child } from './children.js';
import { onLinux } from './raw-sockets.js';

/** Somebody without rights. */
export const nobody = { uid: 65534, gid: 65533 };
/** Somebody else without rights. */
export const somebody = { uid: 65532, gid: 65532 };

/** Declares tests that start processes of other users. Where that is not possible they are skipped, and say so. */
export function describeWithUsers(name: string, declare: () => void): void {
  if (onLinux && geteuid?.() === 0) {
    describe(name, declare);
  } else {
    console.warn(`SKIPPED: ${name}: only root on Linux can start processes of other users`);
    test.skip(`${name} (not root on Linux)`, () => {});
  }
}

/** What `action` of test/fixtures/attacker.mjs does as this user; see there. */
export function attacker(
  action: string,
  args: readonly (string | number)[],
  user: { uid: number; gid: number } = nobody,
): Child {
  return Child.fixture('attacker.mjs', [action, ...args.map(String)], user);
}

/** What it found out, when it has ended. */
export async function outcome(child: Child): Promise<unknown> {
  return JSON.parse(await child.succeeds());
}
