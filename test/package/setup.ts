// Packs what would be published, and installs it into an empty folder: no install script runs, and
// the PATH holds Node and nothing else.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { fromRoot } from '../helpers/programs.js';
import { npm } from './npm.js';

export interface Packed {
  /** What npm said of the tarball. */
  size: number;
  files: string[];
  tarball: string;
  /** The folder that the tarball is installed in. */
  app: string;
  /** A folder with `node` alone. */
  path: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    packed: Packed;
  }
}

export default function setup(project: TestProject): () => void {
  for (const made of ['dist/index.js', 'prebuilds']) {
    if (existsSync(fromRoot(made))) continue;
    throw new Error(`${made} is missing: \`npm run build:lib && npm run prebuild\` make it`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'afunix-package-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    project.provide('packed', pack(folder));
    return clean;
  } catch (error) {
    clean();
    throw error;
  }
}

function pack(folder: string): Packed {
  // As a release is packed: from a tree in which nothing was built but dist/ and prebuilds/.
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  const release = [
    ...['package.json', 'README.md', 'LICENSE', 'binding.gyp', 'lib', 'src', 'test/helpers'],
    ...['dist', 'prebuilds'],
  ];
  for (const name of release) cpSync(fromRoot(name), join(tree, name), { recursive: true });
  const [{ filename, size, files }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: tree }),
  );
  const path = join(folder, 'bin');
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, 'node'));

  const app = join(folder, 'app');
  cpSync(fromRoot('test/package/consumer'), app, { recursive: true });
  const tarball = join(folder, filename);
  npm(['install', '--ignore-scripts', '--no-save', '--install-links', tarball], {
    cwd: app,
    env: { ...process.env, PATH: path },
  });
  execFileSync(process.execPath, ['-e', "require('afunix')"], { cwd: app });
  return { size, files: files.map((file: { path: string }) => file.path), tarball, app, path };
}
