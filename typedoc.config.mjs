// The API reference: every entry of package.json, every member documented.
import { readFileSync } from 'node:fs';

const text = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const { exports } = JSON.parse(text('package.json'));

export default {
  entryPoints: Object.values(exports)
    .filter((entry) => typeof entry === 'object')
    .map(({ default: file }) => file.replace('./dist/', './lib/').replace(/\.js$/, '.ts')),
  tsconfig: 'tsconfig.json',
  out: 'docs/api',
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: [
    ...['Enum', 'EnumMember', 'Variable', 'Function', 'Class', 'Interface', 'TypeAlias'],
    ...['Constructor', 'Property', 'Method', 'GetSignature'],
  ],
  // A constant of C means what its manual page says.
  intentionallyNotDocumented: Array.from(
    text('lib/native/constants.ts').matchAll(/^export const ([A-Z][A-Z0-9_]+)\b/gm),
    ([, name]) => `raw.${name}`,
  ),
  treatValidationWarningsAsErrors: true,
};
