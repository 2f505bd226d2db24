#!/usr/bin/env node
// The command `afunix`. Exit codes: 0 for success, 1 for a failure, 2 for wrong arguments.
import { explain } from './advice.js';
import { parse, UsageError } from './arguments.js';
import { usage } from './usage.js';
import { version } from './version.js';

async function run(args: readonly string[]): Promise<void> {
  const request = parse(args);
  if (request === 'help') process.stdout.write(usage);
  else if (request === 'version') process.stdout.write(`${version()}\n`);
  // Loaded last: the addon may fail to load, and --help and --version do not need it.
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
