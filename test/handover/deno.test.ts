// A server whose descriptor Deno does not show: the handover fails, and says why.
import { once } from 'node:events';
import net from 'node:net';
import { takeOver } from 'afunix/handover';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

test.runIf(process.versions.deno !== undefined)('a TCP server on Deno', async () => {
  using scratch = new Scratch();
  const first = await takeOver(scratch.path());
  const server = net.createServer();
  first.listen('web', server, { port: 0, host: '127.0.0.1' });
  await first.ready();
  const warned = once(process, 'warning');
  const successor = takeOver(scratch.path()).then(
    () => 'took over',
    ({ code }) => code,
  );
  expect((await warned)[0]).toMatchObject({
    code: 'AFUNIX_HANDOVER_FAILED',
    detail: expect.stringContaining('the descriptor of a Server'),
  });
  expect(await successor).toBe('EACCES');
  expect(server.listening).toBe(true);
  server.close();
});
