// node-gyp rebuild, with a plain word where what it needs is missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env, exit, platform, stderr } from 'node:process';

// Where nothing can be built the package works as one from the registry does: calls throw.
if (platform === 'win32') exit(0);

const needed = {
  'a C++17 compiler': [env.CXX?.split(' ')[0], 'c++', 'g++', 'clang++'],
  make: [env.MAKE, 'make', 'gmake'],
  'Python 3': [env.PYTHON, env.npm_config_python, 'python3', 'python'],
};

const missing = Object.keys(needed).filter((what) => !needed[what].some(isProgram));
if (missing.length > 0) {
  stderr.write(
    `afunix: building from source needs ${missing.join(', ')}: not found on this machine.\n` +
      '  Debian, Ubuntu: apt-get install g++ make python3\n' +
      '  Fedora, RHEL:   dnf install gcc-c++ make python3\n' +
      '  Alpine:         apk add g++ make python3\n' +
      '  macOS:          xcode-select --install\n' +
      'The package on the npm registry brings its binaries and needs none of these.\n',
  );
  exit(1);
}

const { status } = spawnSync('node-gyp', ['rebuild'], { stdio: 'inherit' });
exit(status ?? 1);

function isProgram(name) {
  if (!name) return false;
  const folders = name.includes('/') ? [''] : (env.PATH ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
