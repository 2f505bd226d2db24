// When no binary loads, the error says what was tried, where, and what to do.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arch, platform } from 'node:process';
import { expect, inject, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

const { app } = inject('packed');
const folder = `prebuilds/${platform}-${arch}`;

interface Failure {
  code: string;
  message: string;
  cause: { code?: string; message: string };
}

/** What importing says, after `change` was done to the package. */
function failure(change: (root: string) => void, ...args: string[]): Failure {
  using scratch = new Scratch();
  cpSync(join(app, 'node_modules'), scratch.path('node_modules'), { recursive: true });
  const root = scratch.path('node_modules/afunix');
  change(root);
  const show =
    '{ code: e.code, message: e.message, cause: { code: e.cause.code, message: e.cause.message } }';
  const program = `import('afunix').catch((e) => console.log(JSON.stringify(${show})))`;
  const stdout = execFileSync(process.execPath, [...args, '-e', program], { cwd: scratch.folder });
  return JSON.parse(stdout.toString().replaceAll(scratch.folder, ''));
}

test('no binary for this machine', () => {
  const { code, message, cause } = failure((root) => {
    rmSync(join(root, 'prebuilds'), { recursive: true });
  });
  expect(code).toBe('ERR_DLOPEN_FAILED');
  expect(message).toContain(`${arch}`);
  expect(message).toContain(process.version);
  expect(message).toMatch(new RegExp(`afunix/${folder}/afunix\\.[a-z.]*node: not there`));
  expect(message).toContain('afunix/build/Release/afunix.node: not there');
  expect(message).toContain('bundler');
  expect(cause.message).toContain('Could not locate the bindings file');
});

test('a binary that does not load', () => {
  const { code, message, cause } = failure((root) => {
    const [name] = readdirSync(join(root, folder)) as [string];
    writeFileSync(join(root, folder, name), 'no ELF');
  });
  expect(code).toBe('ERR_DLOPEN_FAILED');
  expect(message).toContain('node: does not load');
  expect(message).toContain('install it on this one');
  expect(cause.code).toBe('ERR_DLOPEN_FAILED');
});

test.runIf(platform === 'linux')('musl has a binary of its own', () => {
  const report = `
    const report = process.report.getReport();
    delete report.header.glibcVersionRuntime;
    process.report.getReport = () => report;`;
  const { message } = failure(
    (root) => rmSync(join(root, folder, 'afunix.musl.node'), { force: true }),
    '--import',
    `data:text/javascript,${encodeURIComponent(report)}`,
  );
  expect(message).toContain(`(linux ${arch}, musl, Node.js`);
  expect(message).toContain('afunix.musl.node: not there');
});
