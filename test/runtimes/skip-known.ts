// Runs in each test file: skips what known.ts lists. An entry that names no test is an error, so that the
// tables keep to what there is.
import { relative } from 'node:path';
import { afterAll, beforeEach, type RunnerTask, type RunnerTestCase } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { known } from './known.js';

const testFolder = fromRoot('test');

let all: RunnerTestCase[] = [];

beforeEach(({ task, skip }) => {
  all = testsOf(task.file.tasks);
  const found = entryOf(task);
  if (found !== undefined) skip(found[1]);
});

afterAll(() => {
  const [first] = all;
  if (first === undefined) return;
  const named = new Set(all.map((test) => entryOf(test)?.[0]));
  const stale = Object.keys(entriesOf(first)).filter((begin) => !named.has(begin));
  if (stale.length > 0) throw new Error(`known failures that name no test: ${stale.join('; ')}`);
});

function entriesOf(test: RunnerTestCase): Readonly<Record<string, string>> {
  return known[relative(testFolder, test.file.filepath)] ?? {};
}

function entryOf(test: RunnerTestCase): [string, string] | undefined {
  const name = nameOf(test);
  return Object.entries(entriesOf(test)).find(([begin]) => name.startsWith(begin));
}

/** 'suite > suite > test', as vitest prints it. */
function nameOf(test: RunnerTestCase): string {
  const names = [test.name];
  for (let suite = test.suite; suite?.name; suite = suite.suite) names.unshift(suite.name);
  return names.join(' > ');
}

function testsOf(tasks: readonly RunnerTask[]): RunnerTestCase[] {
  return tasks.flatMap((task) => (task.type === 'test' ? [task] : testsOf(task.tasks)));
}
