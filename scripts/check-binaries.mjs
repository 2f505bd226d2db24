// Holds every binary of prebuilds/ (or of another folder) to what is promised of it: its size, what
// it exports, and the oldest C and C++ libraries it loads with. `--all`: none of the six may be
// missing.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exit, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const promised = [
  'darwin-arm64/afunix.node',
  'darwin-x64/afunix.node',
  'linux-arm64/afunix.glibc.node',
  'linux-arm64/afunix.musl.node',
  'linux-x64/afunix.glibc.node',
  'linux-x64/afunix.musl.node',
];
const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
// What Node.js 20 itself needs: see BUILDING.md of Node.js.
const newest = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9' };
const largest = 150 * 1024;

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const folder = positionals[0] ?? fileURLToPath(new URL('../prebuilds', import.meta.url));

let problems = 0;
const complain = (file, problem) => {
  console.error(`${file}: ${problem}`);
  problems += 1;
};

const present = existsSync(folder)
  ? readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.node'))
  : [];
if (present.length === 0) complain(folder, 'holds no binary');
if (values.all) {
  for (const name of promised.filter((name) => !present.includes(name))) complain(name, 'missing');
}
for (const name of present.sort()) check(name);
exit(problems === 0 ? 0 : 1);

function check(name) {
  if (!promised.includes(name)) return complain(name, 'not one of the six');
  const file = join(folder, name);
  const bytes = readFileSync(file);
  if (bytes.length > largest) complain(name, `${bytes.length} bytes, of ${largest}`);
  const machine = machineOf(bytes);
  if (machine !== name.split('/')[0]) complain(name, `is for ${machine}`);
  if (machine.startsWith('linux')) return checkElf(name, file);
  if (platform === 'darwin') return checkMachO(name, file);
  return console.log(`${name}: ${bytes.length} bytes; its symbols can be read on macOS only`);
}

function checkElf(name, file) {
  const rows = run('objdump', ['-T', file]).split('\n');
  checkExports(name, rows.filter((row) => /^[0-9a-f]{16} [gwu]/.test(row)).map(lastWord));
  const needed = run('objdump', ['-p', file]).matchAll(/^ +NEEDED +(\S+)$/gm);
  const musl = name.includes('.musl.');
  for (const [, library] of needed) {
    if (/^lib(stdc\+\+|gcc_s|m)\.so\.\d+$/.test(library)) continue;
    const own = musl ? /^libc\.(musl-\w+\.)?so(\.\d+)?$/ : /^(libc\.so\.6|ld-linux-.*)$/;
    if (!own.test(library)) complain(name, `needs ${library}`);
  }
  const seen = {};
  for (const row of rows) {
    const [, library, version] = /\b(GLIBC|GLIBCXX|CXXABI)_([\d.]+)/.exec(row) ?? [];
    if (library === undefined) continue;
    if (compare(version, newest[library]) > 0) {
      complain(name, `${lastWord(row)} needs ${library}_${version}, of ${newest[library]}`);
    }
    if (compare(version, seen[library] ?? '0') > 0) seen[library] = version;
  }
  if (!run('objdump', ['-t', file]).includes('no symbols')) {
    complain(name, 'is not stripped');
  }
  const versions = Object.entries(seen).map(([library, version]) => `${library}_${version}`);
  console.log(`${name}: ${readFileSync(file).length} bytes, ${versions.join(', ')}`);
}

function checkMachO(name, file) {
  const names = run('nm', ['-gU', file]).trim().split('\n').map(lastWord);
  checkExports(
    name,
    names.map((symbol) => symbol.replace(/^_/, '')),
  );
  console.log(`${name}: ${readFileSync(file).length} bytes`);
}

function checkExports(name, symbols) {
  for (const symbol of symbols.filter((symbol) => !exported.includes(symbol))) {
    complain(name, `exports ${symbol}`);
  }
  if (!symbols.includes(exported[0])) complain(name, `does not export ${exported[0]}`);
}

/** By the first bytes of an ELF or Mach-O file. */
function machineOf(bytes) {
  const magic = bytes.readUInt32BE(0);
  if (magic === 0x7f454c46) return `linux-${{ 62: 'x64', 183: 'arm64' }[bytes.readUInt16LE(18)]}`;
  if (magic === 0xcffaedfe) return `darwin-${{ 7: 'x64', 12: 'arm64' }[bytes[4]]}`;
  return 'no system that is known here';
}

function lastWord(row) {
  return row.trim().split(/\s+/).at(-1);
}

function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

function run(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
