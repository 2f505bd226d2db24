// Which descriptors this process has open, to find those that a test leaves behind.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { platform, versions } from 'node:process';
import { dup } from 'afunix/raw';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import '../fixtures/warm.mjs';

/** Every open descriptor of this process, with what it refers to. */
export function openDescriptors(): Map<number, string> {
  const linux = platform === 'linux';
  const open = new Map<number, string>();
  for (const name of readdirSync(linux ? '/proc/self/fd' : '/dev/fd')) {
    try {
      open.set(
        Number(name),
        linux ? readlinkSync(`/proc/self/fd/${name}`) : identity(Number(name)),
      );
    } catch {
      // The descriptor that listed the folder is gone by now.
    }
  }
  return open;
}

function identity(fd: number): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}

/** Opens a file by a number that is nobody's but the caller's: Deno's fs closes what it opened itself. */
export function openFile(path: string, flags: string | number): number {
  const opened = openSync(path, flags);
  try {
    return dup(opened);
  } finally {
    closeSync(opened);
  }
}

/** What the file of a descriptor holds, wherever its offset stands. Deno's fs reads no number of another's. */
export function contentsOf({ fd }: { fd: number }): Buffer {
  return readFileSync(`${platform === 'linux' ? '/proc/self' : '/dev'}/fd/${fd}`);
}

/** Runs `body`, and fails if it leaves a descriptor open or closes one that it did not open. */
export function expectNoLeak(body: () => void): void;
export function expectNoLeak(body: () => Promise<void>): Promise<void>;
export function expectNoLeak(body: () => void | Promise<void>): void | Promise<void> {
  const before = openDescriptors();
  const compare = (): void => expect(openDescriptors()).toEqual(before);
  const result = body();
  return result instanceof Promise ? result.then(compare) : compare();
}

/** As `expectNoLeak`, around every test of the file that calls it. */
export function checkDescriptors(): void {
  let before: Map<number, string>;
  beforeEach(() => {
    before = openDescriptors();
  });
  const { bun, deno } = versions;
  const compare = (): void => {
    const now = openDescriptors();
    // Deno closes what a child or a worker had some time after it has ended (denoland/deno#35657).
    if (deno !== undefined) for (const fd of before.keys()) if (!now.has(fd)) before.delete(fd);
    expect(now).toEqual(before);
  };
  // Bun closes the pipes of a child, and the sockets of node:net, only after their 'close'.
  const timeout = bun === undefined && deno === undefined ? 0 : 1000;
  afterEach(() => vi.waitFor(compare, { timeout, interval: 10 }));
}
