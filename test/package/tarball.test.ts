// What the tarball holds, and what it must never hold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';

const { app, files, size } = inject('packed');
const installed = join(app, 'node_modules/afunix');
const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));

test('holds the compiled library, the binaries and nothing else', () => {
  const folders = '(cli|core|dgram|io|native|net|raw|sockets|systemd)';
  const compiled = new RegExp(`^dist/(${folders}/)?[\\w-]+\\.(js|d\\.ts)$`);
  const others = files.filter((file) => !compiled.test(file));
  expect(
    others.filter((file) => !/^prebuilds\/(linux|darwin)-\w+\/[\w.]+\.node$/.test(file)),
  ).toEqual(['LICENSE', 'README.md', 'package.json']);
  expect(others.length).toBeGreaterThan(3);
});

test('nothing builds at its user: no binding.gyp, gypfile false, no install script', () => {
  expect(files).not.toContain('binding.gyp');
  expect(manifest.gypfile).toBe(false);
  const run = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'postprepare'];
  for (const name of run) expect(manifest.scripts).not.toHaveProperty(name);
});

test('depends on bindings alone', () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['bindings']);
  for (const kind of ['optionalDependencies', 'peerDependencies', 'bundleDependencies']) {
    expect(manifest).not.toHaveProperty(kind);
  }
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

test('stays below 1 MB with six binaries of the largest size that is allowed', () => {
  const binaries = files.filter((file) => file.endsWith('.node')).length;
  expect(size + (6 - binaries) * 150 * 1024).toBeLessThan(1_000_000);
});
