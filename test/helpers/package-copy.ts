// Copies of the package, as it is built here.
import { execFileSync } from 'node:child_process';
import { constants, copyFileSync, cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromRoot } from './programs.js';

/** Copies these paths of the clone, and what the package depends on, into `folder`. */
export function copyPackage(folder: string, paths: readonly string[]): void {
  const dependencies = ['bindings', 'file-uri-to-path'].map((name) => `node_modules/${name}`);
  for (const path of [...paths, ...dependencies]) {
    cpSync(fromRoot(path), join(folder, path), { recursive: true, dereference: true });
  }
}

/** Copies the package, test/fixtures and Node.js (`node`) into `folder`, and lets every user read them. */
export function copyForEveryUser(folder: string): void {
  const { files } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
  const built = files.filter((path: string) => existsSync(fromRoot(path)));
  copyPackage(folder, ['package.json', ...built, 'test/fixtures']);
  copyFileSync(process.execPath, join(folder, 'node'), constants.COPYFILE_FICLONE);
  execFileSync('chmod', ['-R', 'a+rX', folder]); // the clone may have been made with any umask
}
