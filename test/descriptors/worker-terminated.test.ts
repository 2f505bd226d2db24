// worker.terminate() while descriptors are passed, at any moment: none stays open.
import { features } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';

test.runIf(features().peerPidFd)(
  '25 times',
  async () => {
    await using child = Child.fixture('terminate-descriptors.mjs');
    const { before, after } = JSON.parse(await child.succeeds());
    expect(after).toEqual(before);
  },
  240_000,
);
