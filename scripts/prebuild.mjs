// Builds the binary that is published for this system into prebuilds/: `npm run prebuild`, or, with
// Debian's cross compiler, `npm run prebuild -- --arch arm64`.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, arch as hostArch, platform, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import prebuildify from 'prebuildify';

const { arch } = parseArgs({ options: { arch: { type: 'string', default: hostArch } } }).values;
const root = fileURLToPath(new URL('..', import.meta.url));

const triplets = { arm64: 'aarch64-linux-gnu', x64: 'x86_64-linux-gnu' };
let stripBin = env.STRIP ?? 'strip';
if (platform === 'linux' && arch !== hostArch) {
  const triplet = triplets[arch];
  if (triplet === undefined) throw new Error(`no cross compiler is known for ${arch}`);
  env.CC ??= `${triplet}-gcc`;
  env.CXX ??= `${triplet}-g++`;
  stripBin = env.STRIP ?? `${triplet}-strip`;
}

// In a folder of its own: prebuildify would empty build/, which the developer works with.
const work = mkdtempSync(join(tmpdir(), 'afunix-prebuild-'));
try {
  for (const name of ['binding.gyp', 'package.json', 'src']) {
    cpSync(join(root, name), join(work, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));
  await promisify(prebuildify)({
    name: 'afunix',
    cwd: work,
    out: root,
    arch,
    targets: [versions.node],
    napi: true,
    strip: true,
    stripBin,
    tagLibc: platform === 'linux',
    nodeGyp: join(root, 'node_modules', '.bin', 'node-gyp'),
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
