// Compiles and links the addon for the systems that this one is not: musl and macOS, x64 and arm64
// each. The compiler is zig's clang, from the npm registry, which brings their headers. What comes out
// is held to the promises of a release. On musl, x64, it is loaded and tested, and the tests of src/sys
// run. Those for macOS are compiled only. Nothing of it is published.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { arch, env, execPath, exit, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkMachOSymbols } from './mach-o.mjs';
import { testOnMusl } from './on-musl.mjs';
import { fetchPackages, run } from './registry.mjs';

const zigVersion = '0.16.0';
const systems = {
  'linux-x64/afunix.musl.node': 'x86_64-linux-musl',
  'linux-arm64/afunix.musl.node': 'aarch64-linux-musl',
  'darwin-x64/afunix.node': 'x86_64-macos.11.0',
  'darwin-arm64/afunix.node': 'aarch64-macos.11.0',
};
const machine = { x64: 'x86_64', arm64: 'aarch64' }[arch];
const root = fileURLToPath(new URL('..', import.meta.url));
const made = join(root, 'build', 'other-systems');

env.ZIG_GLOBAL_CACHE_DIR = env.ZIG_LOCAL_CACHE_DIR = join(made, 'cache');
const zigFolder = install();
const zig = join(zigFolder, `${platform}-${arch}`, 'bin', 'zig');
const [target] = JSON.parse(readFileSync(join(root, 'binding.gyp'), 'utf8')).targets;
// Of headers that others wrote, warnings do not count.
const flags = [
  ...['-fPIC', '-fno-rtti', '-fno-exceptions', '-D_FILE_OFFSET_BITS=64', '-Werror'],
  ...[...target.cflags, ...target.cflags_cc],
  ...target.defines.map((define) => `-D${define}`),
  // As LLVM's library has it for code that does without it.
  '-D_LIBCPP_VERBOSE_ABORT(...)=__builtin_abort()',
  ...['-I', join(root, 'src')],
  ...['-isystem', join(nodeFolder(), 'include', 'node')],
];
const sysTests = join(root, 'test', 'sys');
const tests = readdirSync(sysTests)
  .filter((name) => name.endsWith('.cc'))
  .map((name) => `test/sys/${name}`);

const began = Date.now();
await inParallel(
  Object.entries(systems).flatMap(([name, system]) => {
    const ofTests = system.includes('macos') ? tests : [];
    return [
      ...target.sources.map(
        (source) => () => compile(source, objectOf(name, source), system, flags),
      ),
      ...ofTests.map((source) => () => {
        const own = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-pthread'];
        return compile(source, objectOf(name, source), system, own);
      }),
    ];
  }),
);
for (const name of Object.keys(systems)) link(name);
say('compiled and linked');

run(execPath, [join(root, 'scripts', 'check-binaries.mjs'), join(made, 'musl')], 'inherit');
for (const name of Object.keys(systems).filter((name) => name.startsWith('darwin'))) {
  const file = join(folderOf(name), basename(name));
  checkMachOSymbols(file, join(zigFolder, 'lib/libc/darwin/libSystem.tbd'));
}
testOnMusl(join(folderOf('linux-x64/afunix.musl.node'), 'afunix.musl.node'), made);
say('the binary for musl was loaded and tested on musl');
run(
  'make',
  [
    ...['-s', '-C', sysTests, 'run', 'SAN=', 'CXXFLAGS=-w -O1'],
    // Relative, for make splits at spaces.
    `CXX=${relative(sysTests, zig)} c++ -target ${machine}-linux-musl`,
    `BUILD=${relative(sysTests, join(made, 'sys-tests'))}`,
  ],
  'inherit',
);
say('the tests of src/sys ran on musl');

/** The zig compiler; not a development dependency, as it has 400 MB. */
function install() {
  const folder = join(made, `zig-${zigVersion}`);
  const names = ['lib', `${platform}-${arch}`];
  fetchPackages(
    folder,
    Object.fromEntries(names.map((name) => [name, `@zigc/${name}@${zigVersion}`])),
  );
  return folder;
}

/** Where Node's headers are that build/ was made with. */
function nodeFolder() {
  const text = readFileSync(join(root, 'build', 'config.gypi'), 'utf8');
  return JSON.parse(text.replace(/^#.*\n/gm, '')).variables.nodedir;
}

function folderOf(name) {
  return join(made, name.includes('musl') ? 'musl' : 'macos', dirname(name));
}

function objectOf(name, source) {
  return join(folderOf(name), 'objects', `${source.replaceAll('/', '_')}.o`);
}

async function compile(source, object, system, flags) {
  mkdirSync(dirname(object), { recursive: true });
  const args = ['c++', '-target', system, ...flags, '-c', join(root, source), '-o', object];
  try {
    await promisify(execFile)(zig, args, { maxBuffer: Infinity, timeout: 600_000 });
  } catch ({ stderr, killed }) {
    const why = killed ? 'did not end in ten minutes\n' : '';
    console.error(`${source} does not compile for ${system}:\n${why}${stderr.slice(0, 10_000)}`);
    exit(1);
  }
}

/** Without a C++ library, as in a release. What Node.js has stays undefined. */
function link(name) {
  const forMusl = name.includes('musl');
  const options = forMusl
    ? target.ldflags.map((flag) => flag.replace('../', root)) // relative to build/
    : ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip']; // zig's linker knows no -exported_symbol
  const objects = target.sources.map((source) => objectOf(name, source));
  const file = join(folderOf(name), basename(name));
  run(zig, ['cc', '-target', systems[name], '-shared', '-s', ...options, ...objects, '-o', file]);
}

async function inParallel(jobs) {
  const queue = jobs.values();
  const worker = async () => {
    for (const job of queue) await job();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

function say(what) {
  console.log(`${what} (${Math.round((Date.now() - began) / 1000)} s)`);
}
