import { watchdogInterval } from 'afunix/systemd';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
});

function set(interval: string | undefined, process: string | undefined): void {
  vi.stubEnv('WATCHDOG_USEC', interval);
  vi.stubEnv('WATCHDOG_PID', process);
}

const own = String(process.pid);

test.each([
  ['30000000', own, 30_000],
  ['1500', undefined, 1.5],
  ['30000000', '1', null],
  [undefined, own, null],
  [undefined, undefined, null],
])('WATCHDOG_USEC=%s WATCHDOG_PID=%s: %s', (interval, process, expected) => {
  set(interval, process);
  expect(watchdogInterval()).toBe(expected);
});

test.each([
  ['0', own],
  ['', own],
  ['30s', own],
  ['30000000', 'me'],
])('refused: WATCHDOG_USEC=%s WATCHDOG_PID=%s', (interval, process) => {
  set(interval, process);
  expect(() => watchdogInterval()).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
});
