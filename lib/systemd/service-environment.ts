// What the service manager leaves in the environment.
import { env, pid } from 'node:process';
import { invalidArgValue } from '../core/errors.js';

/** A variable's positive integer; undefined where the variable is not set. */
export function numberIn(variable: string): number | undefined {
  const text = env[variable];
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw invalidArgValue(`process.env.${variable}`, 'must be a positive integer', text);
}

/** Whether the process that the variable names is this one; undefined where it is not set. */
export function namesThisProcess(variable: string): boolean | undefined {
  const named = numberIn(variable);
  return named === undefined ? undefined : named === pid;
}
