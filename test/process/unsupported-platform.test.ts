// On a system other than Linux and macOS, importing gives one clear error that says so.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';

const preload = (platform: string): string =>
  `data:text/javascript,Object.defineProperty(process,'platform',{value:'${platform}'})`;

const program = (module: string): string => `
  import('${module}').then(
    () => console.log('loaded'),
    (error) => console.log(error.code + ': ' + error.message),
  );`;

test.each(['afunix', 'afunix/raw'])('%s', async (module) => {
  await using child = new Child(process.execPath, [
    ...['--import', preload('win32'), '-e', program(module)],
  ]);

  expect(await child.succeeds()).toBe(
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: afunix works on Linux and macOS; this is win32, which it does not support\n',
  );
});
