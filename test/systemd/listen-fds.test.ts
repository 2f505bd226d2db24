import { open } from 'node:fs/promises';
import { listenFds } from 'afunix/systemd';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { hasSeqpacket } from '../helpers/scratch.js';
import { activated } from '../helpers/service-manager.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const variables = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;
const set = (values: readonly (string | undefined)[]): void => {
  for (const [index, name] of variables.entries()) vi.stubEnv(name, values[index]);
};
const own = String(process.pid);
const start = `import { listenFds } from 'afunix/systemd';
`;

describe('nothing is passed', () => {
  test.each([
    ['without the variables', []],
    ['to another process', ['1', '1']],
    ['without a count', [own]],
  ])('%s', (_, values) => {
    set(values);
    expect(listenFds()).toEqual([]);
  });
});

describe('refused', () => {
  test.each([
    ['LISTEN_PID', ['self', '1']],
    ['LISTEN_PID', ['', '1']],
    ['LISTEN_FDS', [own, '0']],
    ['LISTEN_FDS', [own, '-1']],
    ['LISTEN_FDS', [own, '1.5']],
    ['LISTEN_FDNAMES', [own, '2', 'one']],
    ['LISTEN_FDNAMES', [own, '1', 'one:two']],
  ])('a wrong %s: %j', (name, values) => {
    set(values);
    expect(() => listenFds()).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining(`process.env.${name}`),
      }),
    );
  });

  test('wrong options', () => {
    const code = 'ERR_INVALID_ARG_TYPE';
    expect(() => listenFds(null as never)).toThrow(expect.objectContaining({ code }));
    expect(() => listenFds({ unsetEnvironment: 1 as never })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('the environment', () => {
  test('stays as it is, unless asked', () => {
    set(['1', '1', 'name', '7']);
    listenFds();
    expect(variables.map((name) => process.env[name])).toEqual(['1', '1', 'name', '7']);
    listenFds({ unsetEnvironment: true });
    expect(variables.filter((name) => name in process.env)).toEqual([]);
  });

  test('is cleared also when it was wrong', () => {
    set([own, 'many']);
    expect(() => listenFds({ unsetEnvironment: true })).toThrow('LISTEN_FDS');
    expect(variables.filter((name) => name in process.env)).toEqual([]);
  });
});

test('a file can be passed; names may repeat and be empty', async () => {
  await using file = await open(fromRoot('package.json'));
  const code = `${start}
    const fds = listenFds();
    console.log(fds.map(({ fd, name, kind }) => [fd, name, kind].join()).join(' '));`;
  const env = { LISTEN_FDS: '3', LISTEN_FDNAMES: 'a::a' };
  await using child = activated(code, [file.fd, file.fd, file.fd], env);

  expect(await child.succeeds()).toBe('3,a,file 4,,file 5,a,file\n');
});

test('a second call returns the same, whatever the environment says by then', async () => {
  await using file = await open(fromRoot('package.json'));
  const code = `${start}
    const first = listenFds({ unsetEnvironment: true });
    first[0].close();
    console.log(first.length, listenFds() === first, listenFds()[0].closed);`;
  await using child = activated(code, [file.fd]);

  expect(await child.succeeds()).toBe('1 true true\n');
});

test('what is not taken stays open, without a warning', async () => {
  await using file = await open(fromRoot('package.json'));
  const code = `${start}
    import * as raw from 'afunix/raw';
    const isFile = () => (raw.fstat(3).mode & 0o170000) === 0o100000;
    listenFds();
    for (let i = 0; i < 5; i++) { collectGarbage(); await new Promise(setImmediate); }
    console.log(isFile());`;
  await using child = activated(
    `import { collectGarbage } from './test/fixtures/collect-garbage.mjs';${code}`,
    [file.fd],
  );

  expect(await child.succeeds()).toBe('true\n');
  expect(child.stderr).toBe('');
});

test('one that is not open: EBADF, and the others stay', async () => {
  await using file = await open(fromRoot('package.json'));
  const code = `${start}
    import * as raw from 'afunix/raw';
    const isFile = () => (raw.fstat(3).mode & 0o170000) === 0o100000;
    try { listenFds(); } catch (error) { console.log(error.code, isFile()); }`;
  await using child = activated(code, [file.fd], { LISTEN_FDS: '500' });

  expect(await child.succeeds()).toBe('EBADF true\n');
});

test.runIf(hasSeqpacket).each([1, 2, 3, 10])(
  "%i more than were passed: EBADF, and Node's own are not taken",
  async (more) => {
    await using file = await open(fromRoot('package.json'));
    // Also on a descriptor that is not close-on-exec, which shows that nothing was changed.
    const code = `${start}
    import { readFileSync } from 'node:fs';
    import * as raw from 'afunix/raw';
    raw.close(3);
    raw.socket(raw.AF_UNIX, raw.SOCK_STREAM, 0, { inheritable: true });
    const flags = () => readFileSync('/proc/self/fdinfo/3', 'utf8').split('\\n')[1];
    const before = flags();
    try { listenFds(); } catch (error) { console.log(error.code, flags() === before); }
    await new Promise((resolve) => setTimeout(resolve, 1));`;
    await using child = activated(code, [file.fd], { LISTEN_FDS: String(1 + more) });

    expect(await child.succeeds()).toBe('EBADF true\n');
  },
);

test.skipIf(!hasSeqpacket)('programs that this one starts do not get them', async () => {
  await using file = await open(fromRoot('package.json'));
  // Node itself makes what it inherits close-on-exec: this puts one there that is not.
  const code = `${start}
    import { spawnSync } from 'node:child_process';
    import * as raw from 'afunix/raw';
    raw.close(3);
    const fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM, 0, { inheritable: true });
    const seen = () => spawnSync('readlink', ['/proc/self/fd/3']).status === 0;
    console.log(fd, seen(), listenFds().length, seen());`;
  await using child = activated(code, [file.fd]);

  expect(await child.succeeds()).toBe('3 true 1 false\n');
});

test('a worker takes none: the main thread gives it one', async () => {
  await using file = await open(fromRoot('package.json'));
  const code = `${start}
    import * as raw from 'afunix/raw';
    const isFile = () => (raw.fstat(3).mode & 0o170000) === 0o100000;
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const worker = new Worker('./test/fixtures/listen-fds-worker.mjs', { execArgv: [] });
    const [answer] = await once(worker, 'message');
    await worker.terminate();
    console.log(answer, isFile(), listenFds().length);`;
  await using child = activated(code, [file.fd]);

  expect(await child.succeeds()).toBe('ERR_INVALID_STATE true 1\n');
});
