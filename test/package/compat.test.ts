// The packages of compat/, packed, in an application that overrides the names of the packages that they stand in for.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { npm } from './npm.js';

interface Manifest {
  name: string;
  version: string;
  license: string;
  types: string;
  exports: Record<string, Record<string, string>>;
  dependencies: Record<string, string>;
}

interface Packed {
  tarball: string;
  files: string[];
}

const { tarball: afunix } = inject('packed');
const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(fromRoot(`${folder}/package.json`), 'utf8'));

const { version } = manifestOf('.');
const names = readdirSync(fromRoot('compat'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const packed = new Map(names.map((name) => [name, pack(name)]));

function pack(name: string): Packed {
  const args = ['pack', '--json', '--pack-destination', scratch.folder, `./compat/${name}`];
  const [{ filename, files }] = JSON.parse(npm(args, { cwd: fromRoot('.') }));
  return {
    tarball: scratch.path(filename),
    files: files.map((file: { path: string }) => file.path).toSorted(),
  };
}

test.each(names)('%s: its manifest, its files, and what publint and attw say', (name) => {
  const manifest = manifestOf(`compat/${name}`);
  expect(manifest).toMatchObject({ name: `@afunix/${name}`, version, license: 'MIT' });
  expect(manifest.dependencies).toEqual({ afunix: `^${version}` });
  const { '.': entry, './package.json': own } = manifest.exports;
  expect(own).toBe('./package.json');
  expect(Object.keys(entry ?? {})).toEqual(['types', 'default']);
  const { tarball, files } = packed.get(name) as Packed;
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
  for (const file of Object.values(entry ?? {})) expect(files).toContain(file.replace('./', ''));

  for (const [tool, options] of [
    ['publint', ['--strict']],
    ['attw', ['--no-emoji']],
  ] as const) {
    execFileSync(fromRoot(`node_modules/.bin/${tool}`), [tarball, ...options]);
  }
});

test('a dependency that requires the old names gets them', () => {
  // Its ranges are none that a version of these packages satisfies: overrides do not ask for that.
  const client = scratch.path('client');
  mkdirSync(client);
  const dependencies = Object.fromEntries(names.map((name) => [name, '99.0.0']));
  writeManifest(client, { name: 'client', version: '1.0.0', dependencies });
  writeFileSync(
    join(client, 'index.js'),
    `for (const name of ${JSON.stringify(names)}) {
       require(name);
       console.log(name, require(name + '/package.json').name);
     }`,
  );
  npm(['pack', '--pack-destination', scratch.folder], { cwd: client });

  const app = scratch.path('app');
  mkdirSync(app);
  const overrides = Object.fromEntries(
    Array.from(packed, ([name, { tarball }]) => [name, `file:${tarball}`]),
  );
  writeManifest(app, {
    name: 'app',
    version: '1.0.0',
    dependencies: { client: `file:${scratch.path('client-1.0.0.tgz')}` },
    overrides: { afunix: `file:${afunix}`, ...overrides },
  });
  npm(['install', '--ignore-scripts', '--prefer-offline'], { cwd: app });
  const said = execFileSync(process.execPath, ['-e', "require('client')"], { cwd: app });
  expect(said.toString().trim().split('\n')).toEqual(
    names.map((name) => `${name} @afunix/${name}`),
  );
});

function writeManifest(folder: string, manifest: object): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
}
