// 1,000 connects, messages and closes leave the process with the descriptors and handles it began with.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const types = ['streams', 'datagrams', 'descriptors', ...(hasSeqpacket ? ['seqpackets'] : [])];

test.each(types)('%s', async (type) => {
  using scratch = new Scratch();
  await using child = Child.fixture('thousand-lives.mjs', [type, scratch.path()]);

  const { before, after } = JSON.parse(await child.succeeds());

  expect(after).toEqual(before);
});
