// One side of a contender, as a process: node child.mjs MODULE ROLE OPTIONS. Speaks lines, as limit.c
// does: says "ready", and for each "round" it reads, plays one and says what it measured, as JSON.
import { createInterface } from 'node:readline';

const [name, role, json] = process.argv.slice(2);
const contender = await import(`./contenders/${name}.mjs`);
const round = await contender[role](JSON.parse(json));

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit());
lines.on('line', async () => {
  const start = process.hrtime.bigint();
  const measured = await round();
  const wall = Number(process.hrtime.bigint() - start);
  process.stdout.write(`${JSON.stringify({ wall, ...measured })}\n`);
});
process.stdout.write('ready\n');
