// Loads the addon for musl, x64, on a runtime that is linked with musl, and runs test/fixtures/on-musl.mjs there.
// The runtime is Bun's build for Alpine, from the npm registry, where there is no Node.js for musl. It needs a
// libstdc++, which is linked here for musl from Debian's archive of its objects.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arch, env, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { fetchPackages, run } from './registry.mjs';

const bunVersion = '1.4.5';
const root = fileURLToPath(new URL('..', import.meta.url));
const loader = '/lib/ld-musl-x86_64.so.1';

/** `made`: a folder for what it makes. */
export function testOnMusl(binary, made) {
  const archive = run('g++', ['-print-file-name=libstdc++_pic.a']).trim();
  const missing = [
    !(platform === 'linux' && arch === 'x64') && 'Linux on x64',
    !existsSync(loader) && 'musl',
    !existsSync(archive) && 'libstdc++-*-pic',
  ].filter(Boolean);
  if (missing.length > 0) {
    const why = `the binary for musl is not loaded: this is not or has not ${missing.join(', ')}`;
    if (env.AFUNIX_REQUIRE_ALL === '1') throw new Error(why);
    console.warn(`SKIPPED: ${why}`);
    return;
  }
  const folder = join(made, `bun-musl-${bunVersion}`);
  fetchPackages(folder, { bun: `@oven/bun-linux-x64-musl@${bunVersion}` });
  const bun = join(folder, 'bun/bin/bun');
  const libraries = join(made, 'musl-libraries');
  linkCxxLibrary(bun, archive, libraries);

  const app = join(made, 'musl-app');
  install(binary, app);
  run(bun, [join(app, 'on-musl.mjs')], 'inherit', 60_000, {
    env: { ...env, LD_LIBRARY_PATH: libraries },
  });
}

/** Puts a libstdc++.so.6 into `folder` that has what `program` needs of it. */
function linkCxxLibrary(program, archive, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  // B: the loader copies it into the program.
  const wanted = new Set(symbols(['-D', program], 'UwvB'));
  const needed = symbols(['--defined-only', archive], 'TWVDBRu').filter((name) => wanted.has(name));
  writeFileSync(join(folder, 'map'), `{ global: ${needed.join('; ')}; local: *; };`);
  // What Debian's objects expect of glibc, and the compiler of its own start files.
  writeFileSync(
    join(folder, 'glibc.c'),
    `void *__dso_handle __attribute__((visibility("hidden"))) = &__dso_handle;
     char __libc_single_threaded;
     int _dl_find_object(void *address, void *result) { return -1; }`,
  );
  run('gcc', [
    ...['-shared', '-fPIC', '-nostdlib', '-Wl,--gc-sections', '-Wl,-soname,libstdc++.so.6'],
    `-Wl,--version-script=${join(folder, 'map')}`,
    ...needed.map((name) => `-Wl,-u,${name}`),
    ...[join(folder, 'glibc.c'), archive, '-lgcc', '-lgcc_eh'],
    ...['-o', join(folder, 'libstdc++.so.6')],
  ]);
}

/** The names that `nm` prints of these types. */
function symbols(args, types) {
  const rows = run('nm', args).matchAll(/^[0-9a-f ]{16} (\w) (\w+)$/gm);
  return Array.from(rows, ([, type, name]) => types.includes(type) && name).filter(Boolean);
}

/** The package as a user has it, whose only binary is this one. */
function install(binary, app) {
  rmSync(app, { recursive: true, force: true });
  const modules = join(app, 'node_modules');
  for (const name of ['bindings', 'file-uri-to-path']) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  for (const name of ['package.json', 'dist']) {
    cpSync(join(root, name), join(modules, 'afunix', name), { recursive: true });
  }
  cpSync(binary, join(modules, 'afunix/prebuilds/linux-x64/afunix.musl.node'));
  // Or `afunix` would be the package around it.
  writeFileSync(join(app, 'package.json'), '{ "name": "app" }');
  cpSync(join(root, 'test/fixtures/on-musl.mjs'), join(app, 'on-musl.mjs'));
}
