// A listening TCP server moves from an old process to a new one, under load from a third: not one
// request fails.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

test.runIf(hasSeqpacket)(
  'a TCP server moves to another process',
  async () => {
    using scratch = new Scratch();
    await using old = Child.fixture('http-server.mjs', ['old', scratch.path()]);
    await old.says('port ');
    const port = /port (\d+) /.exec(old.stdout)?.[1] as string;
    await using load = Child.fixture('http-load.mjs', [port]);
    await load.says('many old ');
    await using successor = Child.fixture('http-server.mjs', ['new', scratch.path()]);
    await successor.says('serving ');
    await old.succeeds(); // it drains and ends by itself
    await load.says('many new ');
    load.process.stdin?.end();
    const { answers, failures } = JSON.parse((await load.succeeds()).split('\n').at(-2) as string);
    successor.process.stdin?.end();
    await successor.succeeds();
    expect(failures).toEqual([]);
    const served = [old, successor].map(({ stdout }) => Number(/served (\d+)/.exec(stdout)?.[1]));
    expect([answers.old, answers.new]).toEqual(served);
  },
  60_000,
);
