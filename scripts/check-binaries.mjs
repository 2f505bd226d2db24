// Holds every binary of prebuilds/ (or of another folder) to what is promised of it: its size, what
// it exports, the oldest C library it loads with, and that it needs no other. `--all`: none of the
// six may be missing.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readMachO } from './mach-o.mjs';

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
const newestGlibc = '2.28';
// On arm64 a segment begins every 64 KiB.
const largest = { x64: 150 * 1024, arm64: 214 * 1024 };

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
  const machine = machineOf(bytes);
  const most = largest[machine.split('-')[1]];
  if (bytes.length > most) complain(name, `${bytes.length} bytes, of ${most}`);
  if (machine !== name.split('/')[0]) complain(name, `is for ${machine}`);
  if (machine.startsWith('linux')) return checkElf(name, file);
  checkMachO(name, file);
}

function checkElf(name, file) {
  const rows = run('objdump', ['-T', file]).split('\n');
  checkExports(name, rows.filter((row) => /^[0-9a-f]{16} [gwu]/.test(row)).map(lastWord));
  const needed = run('objdump', ['-p', file]).matchAll(/^ +NEEDED +(\S+)$/gm);
  const own = name.includes('.musl.')
    ? /^libc\.(musl-\w+\.)?so(\.\d+)?$/
    : /^(libc\.so\.6|ld-linux-.*)$/;
  for (const [, library] of needed) {
    if (!own.test(library)) complain(name, `needs ${library}`);
  }
  let seen = '0';
  for (const row of rows) {
    const [, version] = /\bGLIBC_([\d.]+)/.exec(row) ?? [];
    if (version === undefined) continue;
    if (compare(version, newestGlibc) > 0) {
      complain(name, `${lastWord(row)} needs GLIBC_${version}, of ${newestGlibc}`);
    }
    if (compare(version, seen) > 0) seen = version;
  }
  const cxx = rows.filter((row) => row.includes('*UND*') && lastWord(row).startsWith('_Z'));
  for (const row of cxx) complain(name, `needs ${lastWord(row)} of a C++ library`);
  if (!run('objdump', ['-t', file]).includes('no symbols')) {
    complain(name, 'is not stripped');
  }
  const libc = seen === '0' ? 'musl' : `GLIBC_${seen}`;
  console.log(`${name}: ${readFileSync(file).length} bytes, ${libc}`);
}

function checkMachO(name, file) {
  checkExports(
    name,
    readMachO(file).exported.map((symbol) => symbol.replace(/^_/, '')),
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
