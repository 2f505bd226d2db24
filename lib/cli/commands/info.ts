// The command `info`.
import { release, type } from 'node:os';
import { basename } from 'node:path';
import { features } from '../../index.js';
import type { Request } from '../commands.js';
import { print, printJson } from '../output.js';
import { version } from '../version.js';

/** The parts of Node's diagnostic report that `info` prints. */
interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
  /** Empty on Deno. */
  readonly sharedObjects?: readonly string[];
}

/** Prints what somebody needs to know about a machine on which something is odd. */
export function run({ options }: Request): Promise<void> {
  const { arch, platform, version: node, versions } = process;
  // First: it loads the binary that the report then names.
  const supported = Object.entries(features());
  const { header, sharedObjects = [] } = report();
  const glibc = header.glibcVersionRuntime;
  const libc = platform === 'linux' ? `, ${glibc === undefined ? 'musl' : `glibc ${glibc}`}` : '';
  const binary = sharedObjects.find((file) => /^afunix\b.*\.node$/.test(basename(file)));
  if (options.json) {
    return printJson({
      afunix: version(),
      binary,
      system: `${type()} ${release()} ${arch}${libc}`,
      node,
      napi: versions.napi,
      features: features(),
    });
  }
  const lines = [
    ['afunix', version()],
    ['binary', binary ?? 'unknown'],
    ['system', `${type()} ${release()} ${arch}${libc}`],
    ['node', `${node}, Node-API ${versions.napi}`],
    ...supported.map(([name, there]) => [name, there ? 'yes' : 'no']),
  ];
  const text = lines.map(([name = '', value]) => `${name.padEnd(18)}${value}\n`).join('');
  return print(text);
}

function report(): Report {
  // Otherwise the report looks up the name of every peer of this process.
  Object.assign(process.report, { excludeNetwork: true });
  return process.report.getReport() as Report;
}
