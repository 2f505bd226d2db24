// Runs once, before the tests: says clearly when the package is not built, compiles the peer that is
// written in Go, and makes the copy of the package that processes of other users run.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { copyForEveryUser } from './package-copy.js';
import { fromRoot, goPeer, programPath } from './programs.js';
import { Scratch } from './scratch.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of a copy that every user may read: the clone may lie where only its owner gets. */
    readableCopy: string;
  }
}

export default function setup(project: TestProject): () => void {
  if (!existsSync(fromRoot('dist/index.js'))) {
    throw new Error('afunix is not built: run `npm run compile` before the tests');
  }
  compileGoPeer();
  const scratch = new Scratch();
  const clean = (): void => scratch[Symbol.dispose]();
  try {
    copyForEveryUser(scratch.folder);
    project.provide('readableCopy', scratch.folder);
    return clean;
  } catch (error) {
    clean();
    throw error;
  }
}

function compileGoPeer(): void {
  const go = programPath('go');
  const source = fromRoot('test/peers/peer.go');
  if (go === undefined) return;
  if (existsSync(goPeer) && statSync(goPeer).mtimeMs > statSync(source).mtimeMs) return;
  const cache = mkdtempSync(join(tmpdir(), 'afunix-go-'));
  try {
    mkdirSync(fromRoot('build/peers'), { recursive: true });
    execFileSync(go, ['build', '-o', goPeer, source], {
      env: { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '', GOCACHE: cache },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
