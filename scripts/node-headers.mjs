// Prints where the headers of Node.js are that the addon was built with.
import { readFileSync } from 'node:fs';

const file = new URL('../build/config.gypi', import.meta.url);
const config = JSON.parse(readFileSync(file, 'utf8').replace(/^#.*$/gm, ''));
console.log(`${config.variables.nodedir}/include/node`);
