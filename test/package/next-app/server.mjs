// A custom server of next, built before: node server.mjs PATH. Closes when its parent has gone.
import { once } from 'node:events';
import http from 'node:http';
import { attach } from 'afunix/net';
// biome-ignore lint/correctness/noUndeclaredDependencies: installed by its test alone, 340 MB
import next from 'next';

const app = next({ dev: false, dir: import.meta.dirname });
await app.prepare();
const server = attach(http.createServer(app.getRequestHandler())).listen(process.argv[2]);
await once(server, 'listening');
console.log('listening');
process.stdin.resume();
await once(process.stdin, 'end');
server.closeAllConnections();
await new Promise((resolve) => server.close(resolve));
await app.close();
console.log('closed');
