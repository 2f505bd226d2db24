#!/usr/bin/env node
// The command `afunix`. Exit codes: 0 for success, 1 for a failure, 2 for wrong arguments.
import { explain } from './advice.js';
import { parse, wantsJson } from './arguments.js';
import type { Request } from './commands.js';
import { help } from './help.js';
import { endLine } from './output.js';
import { UsageError } from './values.js';
import { version } from './version.js';

let request: Request | undefined;

const args = process.argv.slice(2);

/** Returns the exit code. */
async function run(): Promise<number> {
  const parsed = parse(args);
  if (!('command' in parsed)) {
    process.stdout.write(parsed.version ? `${version()}\n` : help(parsed.help));
    return 0;
  }
  request = parsed;
  // Loaded last: the addon may fail to load, and --help and --version do not need it.
  const module = (await import(`./commands/${request.command.name}.js`)) as {
    run: (request: Request) => Promise<number | undefined>;
  };
  return (await module.run(request)) ?? 0;
}

try {
  const code = await run();
  endLine();
  process.exit(code);
} catch (error) {
  endLine();
  const text = explain(error, request);
  if (text !== undefined) {
    const { code } = error as NodeJS.ErrnoException;
    const line = wantsJson(args) ? JSON.stringify({ error: text, code }) : `afunix: ${text}`;
    process.stderr.write(`${line}\n`);
  }
  process.exit(text === undefined ? 0 : error instanceof UsageError ? 2 : 1);
}
