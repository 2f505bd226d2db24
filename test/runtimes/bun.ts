// On Bun 1.4.
import type { KnownFailures } from './types.js';

const OWN_NET = "Bun's own node:net, with which it is compared, does otherwise";
const OWN_HTTP = "Bun's own node:http does otherwise, with a connection that is handed to it";
const NO_TIMEOUTS =
  'Bun has no timeouts for a connection that is handed to an http.Server (oven-sh/bun#37739)';
const NO_HTTP_DESCRIPTOR = 'an http.Server of Bun has no descriptor (oven-sh/bun#36685)';
const OWN_MODULES = "Bun's own modules do not load, or throw, with such a prototype";
const WORKER_FILES = "Bun's node:fs does not close a worker's files (oven-sh/bun#34260)";
const OWN_STDIN = "a child's stdin of Bun's does not say what it holds";
const NO_PROC = 'Bun aborts without /proc';
const NO_PERMISSIONS = 'Bun has no permission model';
const OWN_PIDFDS = 'Bun has a pidfd of each child';

export const bun: KnownFailures = {
  'cli/docs.test.ts': { 'passing a file': 'the process is called bun there' },
  'cli/information.test.ts': {
    info: "Bun's process.report names no shared objects",
    'a binary that does not load': NO_PERMISSIONS,
  },
  'cli/pipes.test.ts': {
    'connect: a peer that does not read': OWN_STDIN,
    'send: a peer that does not read': OWN_STDIN,
  },
  'cli/programs.test.ts': {
    'exec > a program that is not there': "Bun's spawn() words its error otherwise",
  },
  'core/error-hints.test.ts': {
    'without /proc': NO_PROC,
    'a process that may not load addons': NO_PERMISSIONS,
  },
  'core/options.test.ts': {
    'Object.prototype with a property by the name of every option': OWN_MODULES,
  },
  'compat/abstract-socket.test.ts': {
    'abstract-socket > a server listens on an abstract name until it is closed':
      "address() of a server of Bun's that has a descriptor is {}, not null",
  },
  'descriptors/files-in-workers.test.ts': {
    'a number that this worker': WORKER_FILES,
    'terminate() in the middle of streams': WORKER_FILES,
  },
  'descriptors/handover-under-load.test.ts': {
    'a TCP server moves to another process': NO_HTTP_DESCRIPTOR,
  },
  'docs/code-blocks.test.ts': {
    'JavaScript > docs/diagnostics.md:82': "Bun's console.log() prints otherwise",
    'JavaScript > docs/handover.md:10': NO_HTTP_DESCRIPTOR,
  },
  'examples/handover.test.ts': { '': NO_HTTP_DESCRIPTOR },
  'examples/journald.test.ts': {
    'systemd-journald > takes its entries': 'a program given by -e has other arguments',
  },
  'handover/secure.test.ts': { '': NO_HTTP_DESCRIPTOR },
  'handover/under-load.test.ts': { '': NO_HTTP_DESCRIPTOR },
  'identity/pidfd.test.ts': {
    'waitExit > resolves when the process ends': OWN_PIDFDS,
    'waitExit > a signal ends the wait': OWN_PIDFDS,
  },
  'net/attach-secure.test.ts': {
    'https:': 'attach() refuses an https.Server of Bun, which would serve without TLS',
    'tls:': 'Bun has no pre-shared keys in TLS',
    'http2:': "Bun's own node:http2 does otherwise",
  },
  'net/attach.test.ts': {
    'listening, closing, and the members that say so': OWN_HTTP,
    'close() before listen()': OWN_HTTP,
    headersTimeout: NO_TIMEOUTS,
    requestTimeout: NO_TIMEOUTS,
    keepAliveTimeout: NO_TIMEOUTS,
    'timeout of a server': NO_TIMEOUTS,
    'upgrade: a client': OWN_HTTP,
    'connect: a client': OWN_HTTP,
    'a client that has ended: httpAllowHalfOpen': OWN_HTTP,
    'maxConnections and getConnections()': OWN_HTTP,
  },
  'net/before-exit.test.ts': { 'client.end()': OWN_NET, 'client.write()': OWN_NET },
  'net/http.test.ts': { 'undici:': 'Bun has a module of its own in place of undici' },
  'net/arguments.test.ts': {
    'listen(): backlog and listener': OWN_NET,
    'signal: ': OWN_NET,
    'what the errors say': OWN_NET,
  },
  'net/connecting.test.ts': {
    'nobody is there: ENOENT': OWN_NET,
    'a file that is no socket: ECONNREFUSED': OWN_NET,
    'a stale socket file: ECONNREFUSED': OWN_NET,
    'written before a connection that fails': OWN_NET,
    'members of a socket that was never connected': OWN_NET,
  },
  'net/data.test.ts': {
    onread: OWN_NET,
    '_writev = null: chunks go one by one': OWN_NET,
    'a timeout comes once': OWN_NET,
  },
  'net/ending.test.ts': {
    'write after destroy()': OWN_NET,
    'destroy() twice': OWN_NET,
    'destroy() in a data listener': OWN_NET,
    'destroySoon() writes everything first': OWN_NET,
    'resetAndDestroy() is refused': OWN_NET,
  },
  'net/inherited.test.ts': {
    'listen({ fd }) ': OWN_NET,
    'new Socket({ fd }) ': OWN_NET,
    'a FIFO': OWN_NET,
  },
  'net/names-are-free.test.ts': {
    'a name of the program > of the prototypes is documented': OWN_NET,
  },
  'net/order.test.ts': { 'end(), then destroy() before the end is sent': OWN_NET },
  'net/reconnecting.test.ts': {
    'connect() wh': OWN_NET,
    'bytes are counted anew after a reconnect': OWN_NET,
    'end() and destroy(), then connect() at once': OWN_NET,
  },
  'net/serving.test.ts': {
    'listen forms': OWN_NET,
    'the address is in use': OWN_NET,
    'a file that is no socket stays': OWN_NET,
    'close() waits for the connections': OWN_NET,
    'maxConnections: more are dropped': OWN_NET,
    'getConnections counts': OWN_NET,
    'wrong arguments': OWN_NET,
  },
  'net/rejections.test.ts': {
    "a listener of 'end' of a socket that rejects destroys it": OWN_NET,
    "an 'error' listener of the server that rejects": "Bun's own node:events does not report it",
  },
  'process/runners.test.ts': {
    'jest, CommonJS': 'jest loads no CommonJS on Bun',
    'node:test': "Bun's node:test runs in `bun test` alone",
  },
  'process/teardown.test.ts': {
    'a worker with operations pending > ends with its process':
      'Bun ends workers in process.exit() without their hooks',
  },
  'process/unsupported-platform.test.ts': {
    'the command says it': 'Bun imports no data: URL by --import',
  },
  'systemd/docs.test.ts': {
    'a service > systemd-socket-activate > curl':
      'http.Server.listen({ fd }) takes a port of its own (oven-sh/bun#33578)',
  },
  'systemd/listen-fds.test.ts': {
    'programs that this one starts do not get them': "Bun's children inherit no descriptor",
  },
};
