// Another version of the package, made of this one: its addon and its JavaScript agree with each other, and with
// nobody else.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { copyPackage } from './package-copy.js';
import { fromRoot } from './programs.js';

const run = promisify(execFile);

/** What it has otherwise: the size of a batch, the layout of what is told of messages, the name of a function. */
const changes: Record<string, readonly [from: string, to: string][]> = {
  'package.json': [['"version": "', '"version": "9.']],
  'src/budget.h': [['kMaxReceiveBatch = 32;', 'kMaxReceiveBatch = 8;']],
  'src/socket/receive_slab.h': [
    ['kHeader = kSources;', 'kHeader = kSources + 1;'],
    ['kOffset,\n    kLength,', 'kAddressLength,\n    kNothing,\n    kLength,'],
    ['kFlags,\n    kAddressLength,', 'kOffset,\n    kFlags,'],
    [
      '{ kTruncated = 1, kControlTruncated = 2, kAncillary = 4, kOwn = 8 }',
      '{ kTruncated = 8, kControlTruncated = 4, kAncillary = 2, kOwn = 1 }',
    ],
    [
      'kHasCredentials,\n    kPid,\n    kUid,\n    kGid,\n    kPidFd,\n    kDropped,',
      'kPidFd,\n    kGid,\n    kUid,\n    kPid,\n    kHasCredentials,\n    kDropped,\n    kNobody,',
    ],
  ],
  'src/socket/socket_table.cc': [['("openPair"', '("openTwo"']],
  'dist/io/handle.js': [['sockets.openPair(', 'sockets.openTwo(']],
};

/** What of the addon sees any of that; the rest is as node-gyp compiled it. */
const seeing = [
  'addon',
  ...['receive_slab', 'calls', 'sends', 'socket_table', 'socket_wrap'].map(
    (name) => `socket/${name}`,
  ),
];

/** Makes it in `folder`, in some ten seconds of a compiler. */
export async function makeAnotherVersion(folder: string): Promise<void> {
  copyPackage(folder, ['package.json', 'dist', 'src']);
  for (const [path, changed] of Object.entries(changes)) {
    const file = join(folder, path);
    let text = readFileSync(file, 'utf8');
    for (const [from, to] of changed) {
      if (text.split(from).length !== 2) throw new Error(`${path} has not once: ${from}`);
      text = text.replace(from, to);
    }
    writeFileSync(file, text);
  }
  await compile(folder);
}

/** Without node-gyp, which would look for headers and optimize. */
async function compile(folder: string): Promise<void> {
  const [target] = JSON.parse(readFileSync(fromRoot('binding.gyp'), 'utf8')).targets;
  const headers = (await run(execPath, [fromRoot('scripts/node-headers.mjs')])).stdout.trim();
  const flags = [
    ...['-std=c++17', '-O0', '-fPIC', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti'],
    ...target.defines.map((define: string) => `-D${define}`),
    ...['-I', join(folder, 'src'), '-isystem', headers],
  ];
  const compiling = seeing.values();
  const compiler = async (): Promise<void> => {
    for (const name of compiling) {
      const source = join(folder, `src/${name}.cc`);
      await run('c++', [
        ...flags,
        '-c',
        '-o',
        join(folder, `${name.replaceAll('/', '_')}.o`),
        source,
      ]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compiler));
  const objects = (target.sources as string[]).map((source) => {
    const name = source.replace(/^src\/(.*)\.cc$/, '$1');
    if (seeing.includes(name)) return join(folder, `${name.replaceAll('/', '_')}.o`);
    return fromRoot(`build/Release/obj.target/afunix/src/${name}.o`);
  });
  const binary = join(folder, 'build/Release/afunix.node');
  mkdirSync(dirname(binary), { recursive: true });
  await run('c++', [
    ...['-shared', `-Wl,--version-script=${join(folder, 'src/exports.map')}`],
    ...['-o', binary, ...objects],
  ]);
}
