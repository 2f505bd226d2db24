// The package under test: this tree's dist/, or another's, to compare two states of it (--base).
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = process.env.AFUNIX_BENCH_ROOT ?? fileURLToPath(new URL('..', import.meta.url));

export const load = (file) => import(pathToFileURL(`${root}/dist/${file}.js`).href);
