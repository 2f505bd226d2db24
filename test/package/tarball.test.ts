// What the tarball holds, and what it must never hold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, inject, test } from 'vitest';

const { app, files, size } = inject('packed');
const installed = join(app, 'node_modules/afunix');
const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));

test('holds the compiled library, the binaries and nothing else', () => {
  const folders = '(cli|cli/commands|core|dgram|handover|io|native|net|raw|sockets|systemd)';
  const compiled = new RegExp(`^dist/(${folders}/)?[\\w-]+\\.(js|d\\.ts|cjs|d\\.cts)$`);
  const others = files.filter((file) => !compiled.test(file));
  expect(
    others.filter((file) => !/^prebuilds\/(linux|darwin)-\w+\/[\w.]+\.node$/.test(file)),
  ).toEqual(['LICENSE', 'README.md', 'dist/afunix.1', 'package.json']);
  expect(others.length).toBeGreaterThan(3);
});

test('nothing builds at its user: no binding.gyp, gypfile false, no install script', () => {
  expect(files).not.toContain('binding.gyp');
  expect(manifest.gypfile).toBe(false);
  const run = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'postprepare'];
  for (const name of run) expect(manifest.scripts).not.toHaveProperty(name);
});

test('installs on every system', () => {
  for (const limit of ['os', 'cpu', 'libc']) expect(manifest).not.toHaveProperty(limit);
});

test('depends on bindings alone', () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['bindings']);
  for (const kind of ['optionalDependencies', 'bundleDependencies']) {
    expect(manifest).not.toHaveProperty(kind);
  }
  // Types are for those who compile: npm installs none.
  expect(Object.keys(manifest.peerDependencies)).toEqual(['@types/node']);
  expect(manifest.peerDependenciesMeta).toEqual({ '@types/node': { optional: true } });
});

test('every entry has its code and its types', () => {
  const { './package.json': own, ...entries } = manifest.exports;
  expect(own).toBe('./package.json');
  expect(Object.keys(entries)).toEqual(expect.arrayContaining(['.', './raw']));
  for (const entry of Object.values<Record<string, string>>(entries)) {
    expect(Object.keys(entry)).toEqual(['types', 'default']);
    for (const file of Object.values(entry)) expect(files).toContain(file.replace('./', ''));
  }
});

test('stays below 1 MB with all six binaries', () => {
  const binaries = files.filter((file) => file.endsWith('.node'));
  // Those that are not here count as more than any that is allowed has in an archive.
  const most = 100_000;
  for (const file of binaries) {
    expect(gzipSync(readFileSync(join(installed, file))).length).toBeLessThan(most);
  }
  expect(size + (6 - binaries.length) * most).toBeLessThan(1_000_000);
});
