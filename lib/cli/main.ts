#!/usr/bin/env node
// The command `afunix`: exit code 0 when it did what was asked, 1 when that failed, 2 for wrong
// arguments.
import { explain } from './advice.js';
import { parse, UsageError } from './arguments.js';
import { usage } from './usage.js';
import { version } from './version.js';

async function run(args: readonly string[]): Promise<void> {
  const request = parse(args);
  if (request === 'help') process.stdout.write(usage);
  else if (request === 'version') process.stdout.write(`${version()}\n`);
  // Not before: the addon may not load, and these two need none.
  else await (await import('./commands.js')).commands[request.command](request);
}

try {
  await run(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  const text = explain(error);
  if (text !== undefined) process.stderr.write(`afunix: ${text}\n`);
  process.exit(text === undefined ? 0 : error instanceof UsageError ? 2 : 1);
}
