// docs/bundling.md: afunix stays outside of the bundle, and the bundle runs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { rollup } from '@rollup/wasm-node';
import { build } from 'esbuild';
import { expect, inject, test } from 'vitest';

const { app } = inject('packed');
const input = join(app, 'round-trips.mjs');

function runs(bundle: string): void {
  expect(JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8' }))).toMatchObject({
    version: process.version,
  });
}

test('esbuild', async () => {
  const outfile = join(app, 'esbuild.mjs');
  await build({
    ...{ entryPoints: [input], outfile, bundle: true, platform: 'node', format: 'esm' },
    external: ['afunix', 'afunix/*'],
  });
  runs(outfile);
});

test('rollup', async () => {
  const file = join(app, 'rollup.mjs');
  const bundle = await rollup({ input, external: [/^node:/, /^afunix(\/|$)/] });
  await bundle.write({ file, format: 'es' });
  await bundle.close();
  runs(file);
});
