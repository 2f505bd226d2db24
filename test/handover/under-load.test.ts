// Generations of a server follow each other while clients ask without a pause at each of its doors.
import http from 'node:http';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { askHttp, askNet, Load } from '../helpers/load.js';
import { Scratch } from '../helpers/scratch.js';

/** Starts a generation that is ready, or that waits for a line. */
async function generation(scratch: Scratch, name: string, wait = false): Promise<Child> {
  const child = Child.fixture('generation.mjs', [name, scratch.folder, ...(wait ? ['wait'] : [])]);
  await child.says(wait ? 'took' : 'ready');
  return child;
}

function loadOf(first: Child, scratch: Scratch): Load {
  const ports = JSON.parse(/ready (.*)/.exec(first.stdout)?.[1] as string);
  const host = '127.0.0.1';
  const agent = (): http.Agent => new http.Agent({ keepAlive: true, maxSockets: 2 });
  return new Load({
    'http, kept alive': askHttp({ host, port: ports.http }, agent()),
    http: askHttp({ host, port: ports.http }),
    net: askNet({ host, port: ports.net }),
    path: askHttp({ socketPath: scratch.path('path') }, agent()),
    attached: askHttp({ socketPath: scratch.path('attached') }, agent()),
    own: askNet({ path: scratch.path('own') }),
    listener: askNet({ path: scratch.path('listener') }),
  });
}

const MANY = 20;

test('no request is lost, also when successors are killed, hang or come at once', async () => {
  using scratch = new Scratch();
  await using first = await generation(scratch, 'first');
  await using load = loadOf(first, scratch);
  await load.answered('first', MANY);

  await using killed = await generation(scratch, 'killed', true);
  await load.answered('first', MANY);
  killed.kill('SIGKILL');
  await killed.ended;
  await load.answered('first', MANY);

  await using second = await generation(scratch, 'second');
  expect(await first.succeeds()).toContain('replaced true\nfinished\n');
  await load.answered('second', MANY);

  const [third, fourth] = await Promise.all([
    generation(scratch, 'third'),
    generation(scratch, 'fourth'),
  ]);
  await using _third = third;
  await using _fourth = fourth;
  await second.succeeds();
  const [loser, winner] = await Promise.race([
    third.succeeds().then(() => ['third', 'fourth'] as const),
    fourth.succeeds().then(() => ['fourth', 'third'] as const),
  ]);
  await load.answered(winner, MANY);
  expect(loser).not.toBe(winner);
  expect(load.failures).toEqual([]);
}, 120_000);

test('a predecessor that is killed loses what it has accepted, and nothing else', async () => {
  using scratch = new Scratch();
  await using first = await generation(scratch, 'first');
  await using load = loadOf(first, scratch);
  await load.answered('first', MANY);
  await using second = await generation(scratch, 'second', true);
  first.kill('SIGKILL');
  await first.ended;
  second.process.stdin?.write('\n');
  await second.says('ready');
  await load.answered('second', MANY);
  // Nobody was refused: the successor had the sockets already.
  const lost = new Set(load.failures.map((failure) => failure.replace(/^[^:]*: /, '')));
  expect(['ECONNRESET', 'EPIPE', 'Error: got ""']).toEqual(expect.arrayContaining([...lost]));

  // Now nobody has them. The next one begins anew, at the same paths.
  second.kill('SIGKILL');
  await second.ended;
  await using third = await generation(scratch, 'third');
  expect(third.stdout).toContain('took []\n');
}, 120_000);
