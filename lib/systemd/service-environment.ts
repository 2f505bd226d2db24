// The variables that the service manager sets in the environment.
import { env, pid } from 'node:process';
import { invalidArgValue } from '../core/errors.js';

/** Returns a variable's positive integer; undefined if the variable is not set. */
export function numberIn(variable: string): number | undefined {
  const text = env[variable];
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw invalidArgValue(`process.env.${variable}`, 'must be a positive integer', text);
}

/** Returns whether a variable names this process; undefined if the variable is not set. */
export function namesThisProcess(variable: string): boolean | undefined {
  const named = numberIn(variable);
  return named === undefined ? undefined : named === pid;
}
