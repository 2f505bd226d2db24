// Runs once, before the tests: says clearly when the package is not built, and compiles the peer
// that is written in Go.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromRoot, goPeer, programPath } from './programs.js';

export default function setup(): void {
  if (!existsSync(fromRoot('dist/index.js'))) {
    throw new Error('afunix is not built: run `npm run compile` before the tests');
  }
  compileGoPeer();
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
