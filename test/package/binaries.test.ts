// Every binary keeps its promises, and the check that says so can say no.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { platform } from 'node:process';
import { describe, expect, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

function check(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const script = fromRoot('scripts/check-binaries.mjs');
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
}

test('glibc 2.28, no other library, one entry, small, stripped', () => {
  const { status, stderr } = check();
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('a release without all six is refused', () => {
  using scratch = new Scratch();
  cpSync(fromRoot('prebuilds'), scratch.folder, { recursive: true });
  rmSync(scratch.path('darwin-x64'), { recursive: true, force: true });
  const { status, stderr } = check('--all', scratch.folder);
  expect(stderr).toContain('darwin-x64/afunix.node: missing');
  expect(status).toBe(1);
});

test('no binary at all is refused', () => {
  using scratch = new Scratch();
  expect(check(scratch.folder)).toMatchObject({ status: 1 });
});

describe.runIf(platform === 'linux')('a library', () => {
  const source = `
    #include <stdlib.h>
    #include <string>
    #include <vector>
    extern "C" unsigned other() { return arc4random(); }
    extern "C" void napi_register_module_v1(std::vector<std::string>* v, int n) { v->resize(n); }`;

  test('of a newer C library and of C++, with another export, not stripped, for another machine', () => {
    using scratch = new Scratch();
    mkdirSync(scratch.path('linux-arm64'));
    writeFileSync(scratch.path('a.cc'), source);
    const compiled = spawnSync('g++', [
      ...['-shared', '-fPIC', '-o', scratch.path('linux-arm64/afunix.glibc.node')],
      scratch.path('a.cc'),
    ]);
    expect(compiled.stderr.toString()).toBe('');
    const { status, stderr } = check(scratch.folder);
    expect(stderr).toMatch(/is for linux-x64/);
    expect(stderr).toMatch(/arc4random needs GLIBC_2\.36, of 2\.28/);
    expect(stderr).toMatch(/needs libstdc\+\+\.so\.6/);
    expect(stderr).toMatch(/exports other/);
    expect(stderr).toMatch(/is not stripped/);
    expect(status).toBe(1);
  });
});
