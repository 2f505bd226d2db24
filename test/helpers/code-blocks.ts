// The code blocks of the documentation, and what an HTML comment in front of one says about it.
import { readdirSync, readFileSync } from 'node:fs';
import { fromRoot } from './programs.js';

export interface CodeBlock {
  /** Where it is: `README.md:37`. */
  name: string;
  language: string;
  code: string;
  /** The comment in front of it, or that of its page: a test that runs it, or why none does. */
  marker: string | undefined;
}

/** README.md and docs/*.md. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(fromRoot('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(fromRoot(page), 'utf8');
  const [, forAll] = /^<!-- (every block: .*?) -->$/m.exec(text) ?? [];
  const blocks = [...text.matchAll(/(?:^<!-- (.*?) -->\n+)?^```(\w*)\n(.*?)^```$/gms)].map(
    ({ index, 0: { length }, 1: marker, 2: language = '', 3: code = '' }) => ({
      name: `${page}:${text.slice(0, index + length).split('\n').length - code.split('\n').length}`,
      language,
      code,
      marker: (forAll ?? marker)?.replace('every block: ', ''),
    }),
  );
  const fences = text.match(/^\s*(```|~~~)/gm) ?? [];
  if (fences.length !== 2 * blocks.length) throw new Error(`${page} has a block of another form`);
  return blocks;
}
