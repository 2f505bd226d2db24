// The command `http`.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { UnixStream } from '../../index.js';
import type { Request } from '../commands.js';
import { within } from '../context.js';
import { jsonOf } from '../describe.js';
import { bytesOf, Input } from '../input.js';
import { Output, print, printJson } from '../output.js';
import { UsageError } from '../values.js';

const FIRST_ERROR = 400;

/** Sends a request of HTTP, and prints the body of the answer. Resolves with 1 for a status of 400 or more. */
export async function run(request: Request): Promise<number> {
  const { words, options } = request;
  const [address = '', method = '', path = '', data] = words;
  const headers = Object.fromEntries(options.header.map(headerOf));
  const body = data === undefined || data === '-' ? undefined : bytesOf(data, options.hex);
  let status = 0;
  await within(request, async ({ sockets, activity, notes }) => {
    const socket = await sockets.connected(address);
    if (!(socket instanceof UnixStream)) throw new UsageError('http takes a stream');
    const call = httpRequest({
      method,
      path,
      headers: { host: 'localhost', ...headers },
      createConnection: () => socket.toDuplex(),
    });
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    if (data === '-') {
      for await (const part of new Input(options.hex).parts()) {
        if (!call.write(part)) await Promise.race([once(call, 'drain'), answered]);
      }
      call.end();
    } else call.end(body);
    const [response] = await answered;
    const { statusCode = 0, statusMessage = '', httpVersion, rawHeaders } = response;
    status = statusCode;
    activity.note();
    if (options.json) {
      const answer = jsonOf(await buffer(response));
      await printJson({ status, headers: response.headers, ...answer });
      return;
    }
    if (options.include) {
      const lines = rawHeaders.flatMap((name, i) =>
        i % 2 ? [] : [`${name}: ${rawHeaders[i + 1]}`],
      );
      const head = [`HTTP/${httpVersion} ${status} ${statusMessage}`, ...lines, '', ''];
      await print(head.join('\n'));
    }
    const output = new Output(options.hex, 'none');
    for await (const part of response) {
      await output.bytes(part as Buffer);
      activity.note();
    }
    if (status >= FIRST_ERROR) notes.say(`status ${status} ${statusMessage}`, { status });
  });
  return status >= FIRST_ERROR ? 1 : 0;
}

function headerOf(text: string): [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--header is 'Name: value', not ${text}`);
  }
  return [name.toLowerCase(), value];
}
