// The installed package under Node's permission model (docs/platforms.md), and beside a single executable
// (docs/bundling.md).
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arch, platform, versions } from 'node:process';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { codeBlocks } from '../helpers/code-blocks.js';
import { Scratch } from '../helpers/scratch.js';
import { fromRegistry } from './npm.js';

const { app } = inject('packed');

describe('the permission model', () => {
  const flag =
    Number(versions.node.split('.')[0]) < 22 ? '--experimental-permission' : '--permission';
  const run = (scratch: Scratch, ...flags: string[]): { stdout: string; stderr: string } => {
    const program = `
      const { UnixDatagram } = require('afunix');
      UnixDatagram.bind(${JSON.stringify(scratch.path())}).then(() => console.log('bound'));`;
    writeFileSync(join(app, 'permission.cjs'), program);
    const args = [flag, `--allow-fs-read=${join(app, '*')}`, ...flags, 'permission.cjs'];
    return spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8' });
  };

  test('needs --allow-addons, and says so', () => {
    using scratch = new Scratch();
    expect(run(scratch).stderr).toContain('also needs --allow-addons');
  });

  test('does not see what the addon does', () => {
    using scratch = new Scratch();
    expect(run(scratch, '--allow-addons').stdout).toBe('bound\n');
    expect(existsSync(scratch.path())).toBe(false); // closed at the end
  });
});

describe.runIf(platform === 'linux')('a single executable', () => {
  let scratch: Scratch;
  beforeAll(() => {
    scratch = new Scratch();
    fromRegistry(scratch.folder, { node26: `node-${platform}-${arch}@26` });
    return () => scratch[Symbol.dispose]();
  });

  test('has the package next to it', () => {
    const blocks = codeBlocks('docs/bundling.md').map(({ code }) => code);
    const [program, config] = [/createRequire/, /"main"/].map((pattern) =>
      blocks.find((code) => pattern.test(code)),
    );
    writeFileSync(scratch.path('app.cjs'), program as string);
    writeFileSync(scratch.path('sea-config.json'), config as string);
    cpSync(join(app, 'node_modules'), scratch.path('next/node_modules'), { recursive: true });
    const node = scratch.path('node_modules/node26/bin/node');
    execFileSync(node, ['--build-sea', 'sea-config.json'], { cwd: scratch.folder });
    cpSync(scratch.path('app'), scratch.path('next/app'));
    expect(execFileSync(scratch.path('next/app'), { encoding: 'utf8' })).toBe('there\n');
  });
});
