// Writes dist/afunix.1, the man page of the command, from the command's tables.
import { writeFileSync } from 'node:fs';
import { manPage } from '../dist/cli/man.js';

writeFileSync(new URL('../dist/afunix.1', import.meta.url), manPage());
