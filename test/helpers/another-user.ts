// Processes of another user, which takes root to start.
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, inject, test } from 'vitest';
import { Child } from './children.js';
import { onLinux } from './raw-sockets.js';

/** The folder of the package, with test/fixtures, from where every user may run it. */
export const readableCopy: string = inject('readableCopy');
/** Node.js, where every user may run it. */
export const readableNode: string = join(readableCopy, 'node');

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

/** A Node process of this user that runs a file of test/fixtures. */
export function fixtureAs(
  user: { uid: number; gid: number },
  name: string,
  args: readonly string[],
): Child {
  const file = join(readableCopy, 'test/fixtures', name);
  return new Child(readableNode, [file, ...args], { ...user, cwd: readableCopy });
}

/** What `action` of test/fixtures/attacker.mjs does as this user; see there. */
export function attacker(
  action: string,
  args: readonly (string | number)[],
  user: { uid: number; gid: number } = nobody,
): Child {
  return fixtureAs(user, 'attacker.mjs', [action, ...args.map(String)]);
}

/** What it found out, when it has ended. */
export async function outcome(child: Child): Promise<unknown> {
  return JSON.parse(await child.succeeds());
}
