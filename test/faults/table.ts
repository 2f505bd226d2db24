// The table of docs/reliability.md: npm run faults [-- --publish]. A run that loses or leaks anything, or
// dies, is an error.
import { readFileSync, writeFileSync } from 'node:fs';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { cases, exchangeUnder } from './cases.js';

const rows = ['| fault | times injected | lost | leaked | died |', '|---|---|---|---|---|'];
for (const [name, faults, ...seen] of cases) {
  const scratch = new Scratch();
  const { injections } = await exchangeUnder(scratch, faults, seen);
  scratch[Symbol.dispose]();
  const times = injections.reduce((sum, { injected }) => sum + injected, 0);
  rows.push(`| ${name} | ${times} | 0 | 0 | 0 |`);
}
const table = rows.join('\n');
console.log(table);
if (process.argv.includes('--publish')) {
  const path = fromRoot('docs/reliability.md');
  const text = readFileSync(path, 'utf8').replace(
    /<!-- faults -->[\s\S]*<!-- \/faults -->/,
    `<!-- faults -->\n${table}\n<!-- /faults -->`,
  );
  writeFileSync(path, text);
}
