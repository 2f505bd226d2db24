// As a git dependency the package comes as sources, and npm builds it where it is installed.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const made = ['.git', 'build', 'dist', 'node_modules', 'prebuilds'];

/** What is here, as a commit of a repository of its own. */
function commit(git: string, repository: string): void {
  cpSync(fromRoot('.'), repository, {
    recursive: true,
    filter: (path) => !made.includes(basename(path)),
  });
  const author = ['-c', 'user.name=afunix', '-c', 'user.email=afunix@example.invalid'];
  for (const args of [['init'], ['add', '--all'], [...author, 'commit', '--message=as it is']]) {
    const { status, stderr } = spawnSync(git, args, { cwd: repository, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  }
}

function install(scratch: Scratch, PATH = process.env.PATH): SpawnSyncReturns<string> {
  const npm = realpathSync(programPath('npm') as string);
  const args = ['install', '--loglevel=error', `git+${pathToFileURL(scratch.path('repository'))}`];
  mkdirSync(scratch.path('app'));
  return spawnSync(process.execPath, [npm, ...args], {
    ...{ cwd: scratch.path('app'), env: { ...process.env, PATH }, encoding: 'utf8' },
  });
}

describeWith('git', programPath('git'), (git) => {
  test('builds in an empty folder, and works', () => {
    using scratch = new Scratch();
    commit(git, scratch.path('repository'));
    expect(install(scratch)).toMatchObject({ status: 0, stderr: '' });
    cpSync(fromRoot('test/package/consumer'), scratch.path('app'), { recursive: true });
    const { stdout, stderr } = spawnSync(process.execPath, ['round-trips.mjs'], {
      ...{ cwd: scratch.path('app'), encoding: 'utf8' },
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ version: process.version });
    if (process.platform === 'linux') {
      expect(stdout).toContain('/app/node_modules/afunix/build/Release/afunix.node"');
    }
  });

  test('says what it needs where it is missing', () => {
    using scratch = new Scratch();
    commit(git, scratch.path('repository'));
    // What npm and git need themselves.
    mkdirSync(scratch.path('bin'));
    for (const name of ['node', 'npm', 'git', 'env', 'sh', 'basename', 'sed', 'uname']) {
      symlinkSync(programPath(name) as string, scratch.path(`bin/${name}`));
    }
    const { status, stderr } = install(scratch, scratch.path('bin'));
    expect(status).toBe(1);
    expect(stderr.replace(/^npm error /gm, '')).toContain(`
afunix: building from source needs a C++17 compiler, make, Python 3: not found on this machine.
  Debian, Ubuntu: apt-get install g++ make python3
`);
  });
});
