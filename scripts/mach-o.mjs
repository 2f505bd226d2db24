// Reads what a binary of macOS exports and needs: the Mach-O file itself, as no tool of Linux is sure to be there.
import { readFileSync } from 'node:fs';
import { execPath } from 'node:process';
import { run } from './registry.mjs';

const SYMTAB = 2;
const LOAD_DYLIB = 12;

/** The names, with their leading underscore, and the libraries that the loader looks for. */
export function readMachO(file) {
  const bytes = readFileSync(file);
  const found = { exported: [], undefined: [], libraries: [] };
  const text = (at) => bytes.toString('utf8', at, bytes.indexOf(0, at));
  let at = 32; // behind the header
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const command = bytes.readUInt32LE(at);
    if (command === LOAD_DYLIB) found.libraries.push(text(at + bytes.readUInt32LE(at + 8)));
    if (command === SYMTAB) {
      const [symbols, count, strings] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field));
      for (let i = symbols; i < symbols + 16 * count; i += 16) {
        const type = bytes[i + 4];
        const isExternal = (type & 0xf1) === 1; // N_EXT, and neither N_PEXT nor N_STAB
        if (!isExternal) continue;
        const isDefined = (type & 0x0e) !== 0;
        found[isDefined ? 'exported' : 'undefined'].push(text(strings + bytes.readUInt32LE(i)));
      }
    }
    at += bytes.readUInt32LE(at + 4);
  }
  return found;
}

/** Throws unless all that the binary needs is macOS's, by its stubs, or Node's. */
export function checkMachOSymbols(file, stubs) {
  const { undefined: needed, libraries } = readMachO(file);
  const others = libraries.filter((library) => library !== '/usr/lib/libSystem.B.dylib');
  if (others.length > 0) throw new Error(`${file} needs ${others.join(', ')}`);
  const systems = stubSymbols(stubs, file.includes('arm64') ? 'arm64e?-macos' : 'x86_64-macos');
  const nodes = new Set(run('nm', ['-D', '--defined-only', execPath]).split(/\s+/));
  const nobodys = needed.filter((name) => !systems.has(name) && !nodes.has(name.slice(1)));
  if (nobodys.length > 0) throw new Error(`neither macOS nor Node.js has ${nobodys.join(', ')}`);
  if (!needed.includes('_socket') || !needed.includes('_napi_create_object')) {
    throw new Error(`${file}: its symbols were not read`);
  }
  console.log(
    `${file.split('/').slice(-2).join('/')}: macOS or Node.js has all ${needed.length} symbols`,
  );
}

/** The symbols of a .tbd file that are there on `target`. */
function stubSymbols(file, target) {
  const symbols = new Set();
  const groups = /- targets: +\[([^\]]*)\]\n((?: +[\w-]+: +\[[^\]]*\]\n)+)/g;
  for (const [, targets, lists] of readFileSync(file, 'utf8').matchAll(groups)) {
    if (!new RegExp(`\\b${target}\\b`).test(targets)) continue;
    for (const [, name] of lists.matchAll(/[[,]\s*'?([\w$.]+)'?/g)) symbols.add(name);
  }
  return symbols;
}
