// The table of docs/reliability.md, as counted: npm run faults [-- --publish]. Fails if anything was lost or leaked,
// or died.
import { readFileSync, writeFileSync } from 'node:fs';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { cases, exchangeUnder } from './cases.js';

const rows = ['| fault | times injected | lost | leaked | died |', '|---|---|---|---|---|'];
for (const [name, faults, ...seen] of cases) {
  using scratch = new Scratch();
  const { injections, lost, leaked, died, said } = await exchangeUnder(scratch, faults, seen);
  const times = injections.reduce((sum, { injected }) => sum + injected, 0);
  rows.push(`| ${name} | ${times} | ${lost} | ${leaked} | ${died} |`);
  if (lost + leaked + died === 0) continue;
  console.error(`FAILED: ${name}: ${lost} lost, ${leaked} leaked, ${died} died\n${said}`);
  process.exitCode = 1;
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
