// The leader of docs/recipes.md, among processes that are killed.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { codeBlocks } from '../helpers/code-blocks.js';
import { asModule, fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

test('docs/recipes.md: one process leads, and when it is killed another one does', async () => {
  using scratch = new Scratch();
  const block = codeBlocks('docs/recipes.md').find(({ code }) => code.includes('function lead('));
  const [functions = ''] = (block?.code ?? '').split('let leaders');
  const program = `${functions}
    const leadership = await lead(${JSON.stringify(scratch.path())});
    console.log('leads');
    await setTimeout(60_000, leadership);`;
  const start = (): Child =>
    new Child(process.execPath, [...asModule, program], { cwd: fromRoot('.') });
  await using one = start();
  await using two = start();
  await using three = start();
  const running = [one, two, three];
  for (let killed = 0; killed < 3; killed++) {
    await Promise.race(running.map((child) => child.says('leads')));
    const leaders = running.filter(({ stdout }) => stdout !== '');
    expect(leaders).toHaveLength(1);
    const [leader] = leaders as [Child];
    leader.kill('SIGKILL');
    await leader.ended;
    running.splice(running.indexOf(leader), 1);
  }
}, 60_000);
