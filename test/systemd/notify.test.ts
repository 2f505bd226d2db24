// What the manager is told, and what it is not.
import { hrtime, pid } from 'node:process';
import { UnixDatagram } from 'afunix';
import { barrier, type NotifyState, notify, removeFds, storeFds } from 'afunix/systemd';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Child } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { addressKinds, Scratch } from '../helpers/scratch.js';
import { Manager, run } from '../helpers/service-manager.js';

checkDescriptors();
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A manager, which NOTIFY_SOCKET names until the end of the test. */
async function managerAt(address: string): Promise<Manager> {
  vi.stubEnv('NOTIFY_SOCKET', address);
  return Manager.at(address);
}

const states: [NotifyState, string[]][] = [
  [{ ready: true }, ['READY=1']],
  [{ stopping: true, ready: false }, ['STOPPING=1']],
  [{ status: 'Größe=1 of 2' }, ['STATUS=Größe=1 of 2']],
  [{ status: '' }, ['STATUS=']],
  [{ mainPid: pid }, [`MAINPID=${pid}`]],
  [{ watchdog: true }, ['WATCHDOG=1']],
  [{ watchdog: 'trigger' }, ['WATCHDOG=trigger']],
  [{ extendTimeout: 1500 }, ['EXTEND_TIMEOUT_USEC=1500000']],
  [{ ready: true, status: 'up', watchdog: true }, ['READY=1', 'STATUS=up', 'WATCHDOG=1']],
];

describe.each(addressKinds)('%s', (kind) => {
  test.each(states)('%j', async (state, lines) => {
    using scratch = new Scratch();
    await using manager = await managerAt(scratch.address(kind));

    expect(await notify(state)).toBe(true);
    expect(await manager.told()).toEqual(lines);
  });

  describeWith('systemd-notify', programPath('systemd-notify'), (program: string) => {
    test.each(states)('says the same as systemd-notify: %j', async (state, lines) => {
      using scratch = new Scratch();
      await using manager = await managerAt(scratch.address(kind));
      await using child = new Child(program, lines);

      const theirs = await manager.told();
      await manager.passBarrier();
      await child.succeeds();
      await notify(state);
      expect(await manager.told()).toEqual(theirs);
    });
  });
});

test('reloading: with the time', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  const now = (): number => Number(hrtime.bigint() / 1000n);

  const before = now();
  await notify({ reloading: true });
  const [line, time] = await manager.told();
  expect(line).toBe('RELOADING=1');
  const microseconds = Number(time?.replace('MONOTONIC_USEC=', ''));
  expect(microseconds).toBeGreaterThanOrEqual(before);
  expect(microseconds).toBeLessThanOrEqual(now());
});

test('the manager sees whose message it is', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());

  await notify({ ready: true });
  expect((await manager.receive()).credentials?.pid).toBe(pid);
});

test('the message has gone when notify returns: the process may exit at once', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  const code = `import { notify } from 'afunix/systemd';
    notify({ stopping: true }); process.exit();`;
  const [node, ...args] = run(code) as [string, ...string[]];
  await using child = new Child(node, args);

  await child.succeeds();
  expect(await manager.told()).toEqual(['STOPPING=1']);
});

test('more than the manager has room for: they wait, in order, and a barrier behind them', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  const lines = Array.from({ length: 40 }, (_, index) => `STATUS=${index}`);

  const sent = lines.map((line) => notify({ status: line.slice('STATUS='.length) }));
  const passed = barrier();
  for (const line of lines) expect(await manager.told()).toEqual([line]);
  await manager.passBarrier();
  expect(await Promise.all([...sent, passed])).toEqual(Array(41).fill(true));
});

test('every other manager is told by its own name', async () => {
  using scratch = new Scratch();
  await using first = await managerAt(scratch.address());
  const one = notify({ status: 'one' });
  await using second = await managerAt(scratch.address());
  const two = notify({ status: 'two' });

  expect(await Promise.all([one, two])).toEqual([true, true]);
  expect(await first.told()).toEqual(['STATUS=one']);
  expect(await second.told()).toEqual(['STATUS=two']);
});

describe('barrier', () => {
  test('waits until the manager lets go of the descriptor', async () => {
    using scratch = new Scratch();
    await using manager = await managerAt(scratch.address());
    let passed = false;
    const passing = barrier().then((result) => {
      passed = result;
    });

    const { data, fds } = await manager.receive();
    expect(data.toString()).toBe('BARRIER=1');
    expect(fds.length).toBe(1);
    await notify({ ready: true });
    await manager.told();
    expect(passed).toBe(false);
    fds[0]?.close();
    await passing;
    expect(passed).toBe(true);
  });

  test('is given up by its signal', async () => {
    using scratch = new Scratch();
    await using manager = await managerAt(scratch.address());
    const controller = new AbortController();
    const passing = barrier({ signal: controller.signal });

    const { fds } = await manager.receive();
    controller.abort();
    await expect(passing).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    for (const fd of fds) fd.close();
    await expect(barrier({ signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });

  test('ends when the manager dies with it unread', async () => {
    using scratch = new Scratch();
    const manager = await managerAt(scratch.address());
    const passing = barrier();

    await manager[Symbol.asyncDispose]();
    expect(await passing).toBe(true);
  });
});

test('nobody to tell: false', async () => {
  vi.stubEnv('NOTIFY_SOCKET', undefined);
  const told = [notify({ ready: true }), barrier(), storeFds([0]), removeFds('name')];
  expect(await Promise.all(told)).toEqual([false, false, false, false]);
});

test('nothing to tell: false, and no message', async () => {
  using scratch = new Scratch();
  await using manager = await managerAt(scratch.address());
  expect(await notify({ ready: false, status: undefined })).toBe(false);
  await notify({ watchdog: true });
  expect(await manager.told()).toEqual(['WATCHDOG=1']);
});

describe('fails', () => {
  test.each([
    ['relative', 'ERR_INVALID_ARG_VALUE'],
    ['', 'ERR_INVALID_ARG_VALUE'],
    ['@', 'ERR_INVALID_ARG_VALUE'],
    ['vsock:2:1234', 'ERR_INVALID_ARG_VALUE'],
    ['/nobody/here', 'ENOENT'],
  ])('NOTIFY_SOCKET=%s: %s', async (address, code) => {
    vi.stubEnv('NOTIFY_SOCKET', address);
    await expect(notify({ ready: true })).rejects.toThrow(expect.objectContaining({ code }));
    await expect(barrier()).rejects.toThrow(expect.objectContaining({ code }));
  });

  test('a dead manager: ECONNREFUSED', async () => {
    using scratch = new Scratch();
    const address = scratch.address();
    await (await UnixDatagram.bind(address, { unlinkOnClose: false })).close();
    vi.stubEnv('NOTIFY_SOCKET', address);
    const code = 'ECONNREFUSED';
    await expect(notify({ ready: true })).rejects.toThrow(expect.objectContaining({ code }));
    await expect(barrier()).rejects.toThrow(expect.objectContaining({ code }));
  });

  const type = 'ERR_INVALID_ARG_TYPE';
  const value = 'ERR_INVALID_ARG_VALUE';
  const range = 'ERR_OUT_OF_RANGE';
  test.each([
    ['no state', () => notify(undefined as never), type],
    ['ready: 1', () => notify({ ready: 1 as never }), type],
    ['a status of two lines', () => notify({ status: 'a\nMAINPID=1' }), value],
    ['a status with a NUL', () => notify({ status: 'a\0b' }), value],
    ['a status of 4,090 bytes', () => notify({ status: 'a'.repeat(4090) }), range],
    ['mainPid: 0', () => notify({ mainPid: 0 }), range],
    ['mainPid: 1.5', () => notify({ mainPid: 1.5 }), range],
    ["watchdog: 'no'", () => notify({ watchdog: 'no' as never }), type],
    ['extendTimeout: -1', () => notify({ extendTimeout: -1 }), range],
    ['no descriptors', () => storeFds([]), value],
    ['no array', () => storeFds(0 as never), type],
    ['254 descriptors', () => storeFds(Array(254).fill(0)), range],
    ['a name with a colon', () => storeFds([0], { name: 'a:b' }), value],
    ['an empty name', () => storeFds([0], { name: '' }), value],
    ['a name of 256 characters', () => storeFds([0], { name: 'a'.repeat(256) }), value],
    ['a name with a line feed', () => removeFds('a\n'), value],
    ['a name that is not ASCII', () => removeFds('ä'), value],
    ['poll: 0', () => storeFds([0], { poll: 0 as never }), type],
    ['a wrong signal', () => barrier({ signal: 1 as never }), type],
  ])('%s', async (_, call, code) => {
    using scratch = new Scratch();
    await using manager = await managerAt(scratch.address());
    await expect(call()).rejects.toThrow(expect.objectContaining({ code }));
    await notify({ ready: true });
    expect(await manager.told()).toEqual(['READY=1']);
  });

  test('a status of 4,089 bytes just fits', async () => {
    using scratch = new Scratch();
    await using manager = await managerAt(scratch.address());
    await notify({ status: 'a'.repeat(4089) });
    expect((await manager.receive()).size).toBe(4096);
  });
});
