// A million messages from four processes: none lost, none out of order within a sender.
import { UnixDatagram } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

const senders = 4;
const each = 250_000;

test('four senders, one receiver', { timeout: 120_000 }, async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  const next = new Array<number>(senders).fill(0);
  let total = 0;
  let wrong = 0;
  const all = new Promise<void>((resolve) => {
    receiver.onMessages(
      (messages) => {
        for (const { data } of messages) {
          const sender = data.readUInt32LE(0);
          if (data.readUInt32LE(4) !== next[sender]) wrong += 1;
          next[sender] = data.readUInt32LE(4) + 1;
        }
        total += messages.length;
        if (total === senders * each) resolve();
      },
      { reuse: true },
    );
  });
  const children = Array.from({ length: senders }, (_, number) =>
    Child.fixture('datagram-flood.mjs', [scratch.path(), String(number), String(each)]),
  );
  try {
    await Promise.all([all, ...children.map((child) => child.succeeds())]);
  } finally {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  }
  expect(wrong).toBe(0);
  expect(next).toEqual(new Array(senders).fill(each));
});
