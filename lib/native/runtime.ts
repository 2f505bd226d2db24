import process from 'node:process';

/** Whether this is Deno, which calls itself Node.js otherwise. */
export const onDeno: boolean = process.versions.deno !== undefined;
