import { release, type } from 'node:os';
import { features } from '../core/features.js';
import { native } from '../native/binding.js';
import { glibcVersion } from '../native/load.js';
import { Output } from './output.js';
import { version } from './version.js';

/** Prints what one wants to know of a machine on which something is odd. */
export function info(): Promise<void> {
  const { arch, platform, version: node, versions } = process;
  const glibc = platform === 'linux' ? glibcVersion() : undefined;
  const libc = platform === 'linux' ? `, ${glibc === undefined ? 'musl' : `glibc ${glibc}`}` : '';
  const lines = [
    ['afunix', version()],
    ['binary', native.path],
    ['system', `${type()} ${release()} ${arch}${libc}`],
    ['node', `${node}, Node-API ${versions.napi}`],
    ...Object.entries(features()).map(([name, there]) => [name, there ? 'yes' : 'no']),
  ];
  const text = lines.map(([name = '', value]) => `${name.padEnd(18)}${value}\n`).join('');
  return new Output(false).bytes(Buffer.from(text));
}
