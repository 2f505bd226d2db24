// The types resolve and hold, as the compilers of users look for them: with nothing skipped, and nothing but
// what the declarations refer to.
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';
import { fromRegistry } from './npm.js';

const { app } = inject('packed');
const compilerOptions = {
  ...{ noEmit: true, skipLibCheck: false, types: [], target: 'es2022', lib: ['es2022'] },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
};

test('each entry refers to the types of Node', () => {
  const folder = join(app, 'node_modules/afunix');
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const { types } of Object.values<{ types?: string }>(exports)) {
    if (types === undefined) continue;
    expect(readFileSync(join(folder, types), 'utf8')).toMatch(/^\/\/\/ <reference types="node" /);
  }
});

describe.concurrent.each([
  // CommonJS can require() a module with types from TypeScript 5.8 on.
  { typescript: '5.6.3', types: '20.19.43', files: ['typed.mts', 'required.cts'] },
  { typescript: '7.0.2', types: '26.6.6', files: ['typed.mts', 'typed.cts', 'required.cts'] },
])('TypeScript $typescript, @types/node $types', ({ typescript, types, files }) => {
  let scratch: Scratch;

  beforeAll(() => {
    scratch = new Scratch();
    fromRegistry(scratch.folder, {
      typescript: `typescript@${typescript}`,
      '@types/node': `@types/node@${types}`,
    });
    const installed = join(app, 'node_modules/afunix');
    mkdirSync(scratch.path('node_modules/afunix'));
    copyFileSync(join(installed, 'package.json'), scratch.path('node_modules/afunix/package.json'));
    cpSync(join(installed, 'dist'), scratch.path('node_modules/afunix/dist'), { recursive: true });
    for (const name of ['typed.mts', 'typed.cts', 'typed.ts']) {
      copyFileSync(join(app, 'typed.ts'), scratch.path(name));
    }
    copyFileSync(join(app, 'required.cts'), scratch.path('required.cts'));
  });

  afterAll(() => scratch[Symbol.dispose]());

  test.each([
    ['nodenext', 'nodenext', files],
    ['bundler', 'esnext', ['typed.ts']],
  ])('moduleResolution %s, module %s, %j', async (moduleResolution, module, sources) => {
    const config = scratch.path(`${moduleResolution}.json`);
    const options = { ...compilerOptions, moduleResolution, module };
    writeFileSync(config, JSON.stringify({ compilerOptions: options, files: sources }));
    const tsc = scratch.path('node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', config]).catch((error) => {
      throw new Error(error.stdout);
    });
  });
});
