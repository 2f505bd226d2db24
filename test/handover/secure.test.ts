// Servers of https and http2 are replaced while clients ask without a pause. A shared key saves them a certificate.
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Handover, takeOver } from 'afunix/handover';
import { expect, test } from 'vitest';
import { type Ask, Load } from '../helpers/load.js';
import { Scratch } from '../helpers/scratch.js';

const psk = Buffer.alloc(16, 1);
const shared = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const host = '127.0.0.1';

interface Generation {
  readonly handover: Handover;
  readonly ports: Readonly<Record<'https' | 'http2', number>>;
}

async function generation(name: string, path: string): Promise<Generation> {
  const handover = await takeOver(path, { idleTimeout: 200 });
  const secure = https.createServer({ ...shared, pskCallback: () => psk }, (_, response) =>
    response.end(name),
  );
  const sessions = http2.createServer((_, response) => response.end(name));
  handover.listen('https', secure, { port: 0, host });
  handover.listen('http2', sessions, { port: 0, host });
  await handover.ready();
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
  return { handover, ports: { https: portOf(secure), http2: portOf(sessions) } };
}

function askHttps(port: number): Ask {
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: 1,
    ...shared,
    pskCallback: () => ({ psk, identity: 'client' }),
    checkServerIdentity: () => undefined,
  } as https.AgentOptions);
  return () =>
    new Promise((resolve, reject) => {
      https.get({ host, port, agent }, (response) => resolve(text(response))).on('error', reject);
    });
}

/** The head of a frame of HTTP/2, in hexadecimal. */
function frame(length: number, type: number, flags: number, stream = 0): string {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return head.toString('hex');
}

/**
 * Has a session for many requests, and another one once that is to end. Node.js itself refuses those that it has not sent
 * yet when the notice comes. As any client may, it asks again: a refused request was not looked at (RFC 9113, 8.7). What
 * the server refuses is the concern of the last test.
 */
function askHttp2(port: number): Ask {
  let session: http2.ClientHttp2Session | undefined;
  return async () => {
    for (;;) {
      if (session === undefined || session.closed) {
        session = http2.connect(`http://${host}:${port}`);
        session.unref();
      }
      const request = session.request({ ':path': '/' });
      try {
        return await text(request);
      } catch (error) {
        if (request.rstCode !== http2.constants.NGHTTP2_REFUSED_STREAM) throw error;
      }
    }
  };
}

test('https and http2', async () => {
  using scratch = new Scratch();
  const first = await generation('first', scratch.path());
  const { ports } = first;
  const load = new Load({ https: askHttps(ports.https), http2: askHttp2(ports.http2) });
  await load.answered('first', 50);
  const second = await generation('second', scratch.path());
  expect(second.ports).toEqual(ports);
  await load.answered('second', 50);
  await first.handover.finished;
  const third = await generation('third', scratch.path());
  await load.answered('third', 50);
  await load[Symbol.asyncDispose]();
  expect(load.failures).toEqual([]);
  await second.handover.finished;
  await third.handover.close();
}, 60_000);

test('http2: requests that were on their way when the server said that it ends', async () => {
  using scratch = new Scratch();
  const first = await generation('first', scratch.path());
  const client = net.connect(first.ports.http2, host);
  let received = Buffer.alloc(0);
  client.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  client.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  client.write(Buffer.from(`${frame(0, 0x4, 0)}${frame(0, 0x4, 1)}`, 'hex')); // SETTINGS, and that theirs came
  const second = await generation('second', scratch.path());
  // The last stream that the GOAWAY names.
  await expect
    .poll(() => received.includes(Buffer.from('7fffffff00000000', 'hex')), { timeout: 10_000 })
    .toBe(true);
  client.write(Buffer.from(`${frame(6, 0x1, 5, 1)}828486010161`, 'hex')); // GET / of http://a
  await expect.poll(() => received.includes('first'), { timeout: 10_000 }).toBe(true);
  client.end();
  await first.handover.finished;
  await second.handover.close();
});
