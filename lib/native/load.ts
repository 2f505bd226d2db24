// Finds the addon's binary: the one that was built for this system, architecture and C library, or
// what node-gyp built here.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import bindings from 'bindings';
import { bare } from './bare.js';
import root from './root.cjs';
import { unavailableAddon } from './unavailable.js';

/** What node-gyp makes, in `root`. */
const built = ['build', 'Release', 'afunix.node'];

export function load(): unknown {
  const { platform, arch } = process;
  if (!isSupported(platform)) return unavailableAddon();
  const glibc = platform === 'linux' ? glibcVersion() : undefined;
  const libc = glibc === undefined ? 'musl' : 'glibc';
  const files = [
    [
      ...['prebuilds', `${platform}-${arch}`],
      platform === 'linux' ? `afunix.${libc}.node` : 'afunix.node',
    ],
    built,
  ];
  try {
    return bindings(
      bare({
        bindings: 'afunix',
        module_root: root,
        try: files.map((file) => ['module_root', ...file]),
      }),
    );
  } catch (cause) {
    const name = platform === 'darwin' ? 'macOS' : platform;
    const system =
      platform === 'linux' ? `linux ${arch}, ${libc} ${glibc ?? ''}`.trim() : `${name} ${arch}`;
    throw failure(
      `${system}, Node.js ${process.version}`,
      files.map((file) => join(root, ...file)),
      cause,
    );
  }
}

/** Windows has nothing that the addon needs. Other systems have the binary that was built there, or none. */
function isSupported(platform: NodeJS.Platform): boolean {
  if (platform === 'linux' || platform === 'darwin') return true;
  return platform !== 'win32' && existsSync(join(root, ...built));
}

/** Undefined where the C library is another one: musl. */
export function glibcVersion(): string | undefined {
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const { excludeNetwork } = report;
  // Or the report would look up the name of every peer of this process.
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}

function failure(machine: string, files: readonly string[], cause: unknown): Error {
  const found = files.find((file) => existsSync(file));
  const tried = files.map((file) => {
    if (file === found) return `  ${file}: does not load`;
    return existsSync(file) ? `  ${file}: not tried` : `  ${file}: not there`;
  });
  const advice = adviceFor(found, (cause as { code?: unknown } | undefined)?.code);
  const message = `afunix has no binary that loads here (${machine}). Tried:\n${tried.join('\n')}\n${advice}`;
  return Object.assign(new Error(message, { cause }), { code: 'ERR_DLOPEN_FAILED' });
}

/** `found`: the binary that is there. `code`: of the error that loading it threw. */
function adviceFor(found: string | undefined, code: unknown): string {
  if (code === 'ERR_DLOPEN_DISABLED') {
    return (
      'This process may not load addons. With --permission (--experimental-permission in Node.js 20) ' +
      'it also needs --allow-addons, and --no-addons has to go.'
    );
  }
  return found === undefined
    ? 'If a bundler took afunix into its bundle, keep afunix external. If this machine is one that ' +
        'docs/platforms.md lists, install afunix again: its package is incomplete. Otherwise build ' +
        'it in a clone of its repository, with `npm ci`.'
    : 'If node_modules came from another machine, install it on this one.';
}
