// The pool of docs/handover.md, which is two programs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { codeBlocks } from '../helpers/code-blocks.js';
import { fromRoot } from '../helpers/programs.js';

test('docs/handover.md: a pool of workers', async () => {
  const [worker, pool] = codeBlocks('docs/handover.md')
    .filter(({ marker }) => marker?.includes('test/handover/docs.test.ts'))
    .map(({ code }) => code);
  // In the folder of this clone `afunix` itself is found.
  const folder = mkdtempSync(fromRoot('build/handover-'));
  try {
    writeFileSync(join(folder, 'worker.mjs'), worker as string);
    writeFileSync(join(folder, 'pool.mjs'), (pool as string).replaceAll('/tmp', folder));
    await using child = new Child(process.execPath, ['pool.mjs'], { cwd: folder });
    expect(await child.succeeds()).toBe('hello\n');
    expect(child.stderr).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
