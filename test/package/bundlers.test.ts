// docs/bundling.md: afunix stays outside of the bundle, and the bundle runs.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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

// "sideEffects": false in package.json: a bundler leaves out the modules of which nothing is used.
test('what nothing uses is left out, and what is used works without it', async () => {
  const bundled = async (name: string, source: string): Promise<string> => {
    const entry = join(app, `${name}.mjs`);
    const outfile = join(app, 'node_modules/afunix/dist/native', `${name}.mjs`);
    writeFileSync(entry, source);
    await build({
      ...{ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' },
      external: ['bindings', './root.cjs'], // they find the binary by where they are
    });
    return outfile;
  };
  const names = ['', '/net', '/dgram', '/raw', '/systemd', '/handover'];
  const unused = names.map((name, i) => `import * as entry${i} from 'afunix${name}';\n`);
  expect(readFileSync(await bundled('unused', unused.join('')), 'utf8').trim()).toBe('');
  const used = await bundled(
    'used',
    `import { UnixStream } from 'afunix';
     const [one, other] = UnixStream.pair();
     await one.write('there');
     console.log(String(await other.read()));
     await Promise.all([one.close(), other.close()]);`,
  );
  expect(execFileSync(process.execPath, [used], { encoding: 'utf8' })).toBe('there\n');
});
