// On a system that afunix is not made for everything imports, features() says what is there, and calls throw.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { copyPackage } from '../helpers/package-copy.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const everyCallFixture = fromRoot('test/fixtures/every-call.mjs');
const built = fromRoot('build/Release/afunix.node');

interface Found {
  results: Record<string, string>;
  features: Record<string, boolean>;
  constants: Record<string, number>;
  missed: string[];
}

async function everyCall(platform: string, fixture: string): Promise<Found> {
  await using child = new Child(process.execPath, [fixture, platform], {
    env: { ...process.env, LISTEN_FDS: undefined, NOTIFY_SOCKET: undefined },
  });
  return JSON.parse(await child.succeeds());
}

function expectNothing({ results, features, constants, missed }: Found): void {
  const { 'systemd.listenFds': listen, 'systemd.notify': notify, ...others } = results;
  // No service manager started this process, which is an answer.
  expect([listen, notify]).toEqual(['returned', 'returned']);
  expect(new Set(Object.values(features))).toEqual(new Set([false]));
  expect(constants).toEqual({});
  expect(missed).toEqual([]);
  const codes = Object.keys(others).map((name) => [name, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM']);
  expect(others).toEqual(Object.fromEntries(codes));
}

test('Windows, even where a binary lies', async () => {
  expectNothing(await everyCall('win32', everyCallFixture));
});

test('another system without a binary', async () => {
  using scratch = new Scratch();
  copyPackage(scratch.folder, ['package.json', 'dist', 'test/fixtures/every-call.mjs']);
  expectNothing(await everyCall('freebsd', scratch.path('test/fixtures/every-call.mjs')));
});

const pretending = (platform: string): string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'})`,
];

test.runIf(existsSync(built))('another system, with a binary that was built there', async () => {
  const program = `
    import('afunix').then(({ UnixStream, features }) => {
      for (const socket of UnixStream.pair()) socket.close();
      console.log(features().peerCredentials);
    });`;
  await using child = new Child(process.execPath, [...pretending('freebsd'), '-e', program]);
  expect(await child.succeeds()).toBe('true\n');
});

test('the command says it', async () => {
  const args = [fromRoot('dist/cli/main.js'), 'send', '/tmp/socket', 'x'];
  await using child = new Child(process.execPath, [...pretending('win32'), ...args]);
  expect(await child.ended).toMatchObject({
    code: 1,
    stderr: 'afunix: afunix works on Linux and macOS; this is win32\n',
  });
});
