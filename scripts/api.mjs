// Writes the public declarations of every entry of package.json into api/: npm run api. With `--check`,
// for npm run check, it fails and shows the difference where api/ is not what lib/ declares.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;
const root = fileURLToPath(new URL('..', import.meta.url));
const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

mkdirSync(join(root, 'build'), { recursive: true });
const work = mkdtempSync(join(root, 'build', 'api-'));
let same = true;
try {
  // Not dist/, which may be older than lib/.
  const options = ['--outDir', join(work, 'dist'), '--emitDeclarationOnly', '--noCheck'];
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), ...options], {
    stdio: 'inherit',
  });
  const made = join(work, 'api');
  mkdirSync(made);
  for (const [entry, { types }] of Object.entries(exports)) {
    if (types !== undefined) report(`${name}${entry.slice(1)}`, join(work, types), made);
  }
  if (check) {
    same = isSame(made);
  } else {
    rmSync(join(root, 'api'), { recursive: true, force: true });
    execFileSync('cp', ['-R', made, join(root, 'api')]);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (!same) exit(1);

function report(entry, declarations, folder) {
  const extractorConfig = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarations,
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${entry.replace('/', '-')}.api.md`,
        reportFolder: folder,
        reportTempFolder: join(work, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
    },
  });
  const { errorCount } = Extractor.invoke(extractorConfig, {
    localBuild: true,
    messageCallback(message) {
      // Other than of errors, it tells that a report is new: so is each of them.
      message.handled = message.logLevel !== 'error';
    },
  });
  if (errorCount > 0) throw new Error(`the declarations of ${entry} have errors`);
}

function isSame(made) {
  const args = ['diff', '--no-index', '--no-color', relative(root, join(root, 'api'))];
  const { status, stdout, stderr } = spawnSync('git', [...args, relative(root, made)], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return true;
  console.error(`${stdout}${stderr}`);
  console.error('The public declarations are not those of api/: if they are meant, npm run api');
  return false;
}
