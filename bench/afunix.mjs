// The package under test: this tree's dist/, or another's, to compare two states of it (--base).
import { pathToFileURL } from 'node:url';

const root = process.env.AFUNIX_BENCH_ROOT ?? new URL('..', import.meta.url).pathname;

export const load = (file) => import(pathToFileURL(`${root}/dist/${file}.js`).href);
