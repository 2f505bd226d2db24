// Other runtimes, from the npm registry.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The words before the file of a module that `name`, 'bun' or 'deno', is to run. Installs both the first time. */
export function runtime(name) {
  const program = `${here}node_modules/.bin/${name}`;
  if (!existsSync(program)) {
    console.error('installing Bun and Deno (scripts/runtimes/package.json)');
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: here,
      stdio: ['ignore', 2, 2],
    });
  }
  return [program, ...{ bun: ['--bun'], deno: ['run', '--allow-all', '--unstable-net'] }[name]];
}
