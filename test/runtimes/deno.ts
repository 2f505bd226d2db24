// On Deno 2.9.
import type { KnownFailures } from './types.js';

const FILES =
  'node:fs reads and writes only descriptors that it opened itself (denoland/deno#33371)';
const NO_NUMBER =
  'TCP sockets and servers, and sockets of node:dgram, do not show their descriptor (denoland/deno#27788)';
const NET =
  'its own node:net differs from that of Node.js, to which this is compared (denoland/deno#21951)';
const TLS = 'its node:tls takes no list of ciphers that begins with a group (denoland/deno#33597)';
const SHELL = 'a shell starts it without the permission to read the environment';
const HTTP = 'its own node:http differs from that of Node.js';
const FLAGS = 'it does not have this flag of Node.js';
const WORKERS = 'it keeps an eventfd and an epoll set of each worker that has loaded an addon';
const REPORT = 'its process.report names no shared objects';
const STARTS = 'it ends by a panic where it starts without descriptors left, or without /proc';

export const deno: KnownFailures = {
  'cli/docs.test.ts': { '': SHELL },
  'cli/information.test.ts': {
    info: REPORT,
    'a binary that does not load: --help works, the rest says why': FLAGS,
  },
  'cli/options.test.ts': {
    '--fd > numbers, and files to read, write, append to, or both': FILES,
  },
  'core/accept-out-of-descriptors.test.ts': { '': STARTS },
  'core/error-hints.test.ts': {
    'without /proc > a long path': STARTS,
    'a process that may not load addons: --allow-addons': FLAGS,
  },
  'core/faked-timers.test.ts': {
    'vi.useFakeTimers() > a conversation and its idle timeout': NET,
    'mock.timers of node:test > ': 'its mock.timers stop timers that were taken before, too',
  },
  'core/node-internals.test.ts': { '': NO_NUMBER },
  'core/options.test.ts': {
    'Object.prototype with a property by the name of every option > after the import':
      'its AbortSignal calls no listener then',
  },
  'core/thread-waits.test.ts': {
    'it ends with its worker': 'it has no modules in workers with eval',
  },
  'core/uncloneable.test.ts': {
    '': 'its postMessage() copies what markAsUncloneable() has marked',
  },
  'datagram/answers.test.ts': { 'a long path > a worker that ends leaves no file': WORKERS },
  'datagram/receive-buffer-waits.test.ts': {
    'a worker that is terminated while calls wait': WORKERS,
  },
  'descriptors/conversions.test.ts': {
    'a TCP connection: a net.Socket': NO_NUMBER,
    'a listening TCP socket: a net.Server': NO_NUMBER,
    'a UDP socket: a dgram.Socket': NO_NUMBER,
    'a file: streams': FILES,
  },
  'descriptors/file-streams.test.ts': {
    'the shared offset is neither used nor moved': FILES,
    'start, end and highWaterMark': FILES,
    'a pipe has no positions': FILES,
    'toWriteStream ': FILES,
    'a patch of node:fs made later does not see the descriptors': FILES,
  },
  'descriptors/files-in-workers.test.ts': { '': FLAGS },
  'descriptors/flags.test.ts': { 'in a worker': WORKERS },
  'descriptors/handover-under-load.test.ts': { '': NO_NUMBER },
  'descriptors/memory.test.ts': {
    'memory > is zeros, of a fixed size': FILES,
    'memory > is mapped by all who have it': FILES,
    'memory > cannot be transferred away from its views':
      'it transfers buffers of addons, which keep their memory',
  },
  'descriptors/sealed.test.ts': {},
  'descriptors/what-can-be-sent.test.ts': {
    'net.Server and net.Socket': NO_NUMBER,
    'http.Server': NO_NUMBER,
    'dgram.Socket, without a deprecation warning': NO_NUMBER,
  },
  'dgram/names-are-free.test.ts': {
    'the names of the prototype are documented': 'its node:events has other members',
  },
  'docs/code-blocks.test.ts': {
    'JavaScript > docs/handover.md:10': NO_NUMBER,
    'JavaScript > docs/recipes.md:152': 'it takes no module by --input-type',
    'commands > docs/recipes.md:205': SHELL,
  },
  'examples/handover.test.ts': { '': NO_NUMBER },
  'examples/journald.test.ts': {
    'systemd-journald > takes its entries': 'a program given by -e has other arguments',
  },
  'handover/pool.test.ts': { 'TCP connections': NO_NUMBER },
  'handover/secure.test.ts': { '': TLS },
  'handover/under-load.test.ts': { '': NO_NUMBER },
  'net/arguments.test.ts': {
    'connect(): the last argument is the listener': NET,
    'what the errors say': NET,
  },
  'net/attach-secure.test.ts': {
    'https: ': TLS,
    'tls: ': TLS,
    'http2: HTTP/1 and HTTP/2 over TLS': TLS,
  },
  'net/attach.test.ts': {
    'listening, closing, and the members that say so': NET,
    'close() before listen()': NET,
    'maxConnections and getConnections()': NET,
    clientError: HTTP,
  },
  'net/before-exit.test.ts': {
    "client.end() in 'beforeExit'": NET,
    "client.write() in 'beforeExit'": NET,
    "an unref'd connect() ": NET,
    'connect() and destroy() in': 'its loop turns once more now and then, as the thread reports',
  },
  'net/connecting.test.ts': {
    'nobody is there: ENOENT': NET,
    'a file that is no socket: ECONNREFUSED': NET,
    'a stale socket file: ECONNREFUSED': NET,
    'the order of the first events, and the state in each': NET,
    'destroyed while connecting: no connect, a close': NET,
    'written before a connection that fails': NET,
    'a destroyed socket connects again': NET,
    'wrong arguments': NET,
    'members of a socket that was never connected': NET,
  },
  'net/data.test.ts': {
    '_writev = null: chunks go one by one': NET,
    'highWaterMark of both ends': NET,
  },
  'net/ending.test.ts': {
    'resetAndDestroy() is refused': NET,
    'the peer goes while we write: EPIPE': NET,
  },
  'net/http.test.ts': {
    'keep-alive: a hundred requests on one connection': HTTP,
    'undici: requests and a body of 20 MB': HTTP,
  },
  'net/inherited.test.ts': { 'a FIFO from end to end': NET },
  'net/names-are-free.test.ts': {
    'a name of the program > of the prototypes is documented': NET,
  },
  'net/order.test.ts': {
    'what a connection queues runs before the next one': NET,
    'a server that is closed after a connection accepts no further one': NET,
    'end() in an immediate after the peer has been destroyed': NET,
  },
  'net/reconnecting.test.ts': {
    'connect() while connecting, ': NET,
    'connect() when connected': NET,
    'end() and destroy(), then connect() at once': NET,
  },
  'net/rejections.test.ts': { "a listener of 'drop' that rejects: the server emits 'error'": NET },
  'net/serving.test.ts': {
    'listen twice': NET,
    'close() before listen: ERR_SERVER_NOT_RUNNING': NET,
    'close() waits for the connections': NET,
    'maxConnections: more are dropped': NET,
    'wrong arguments': NET,
  },
  'process/teardown.test.ts': {
    'a worker with operations pending > ends by throw in a callback':
      'what a callback of an addon throws in a worker arrives as null',
    'a worker with operations pending > ends with its process':
      'process.exit() ends workers without their hooks',
  },
  'process/unsupported-platform.test.ts': {
    'another system, with a binary that was built there': FLAGS,
    'the command says it': FLAGS,
  },
  'raw/extended-attributes.test.ts': { 'of a file': FILES },
  'raw/ioctls.test.ts': { 'on Linux > SIOCUNIXFILE: a descriptor of the socket’s file': FILES },
  'raw/rights-arrive.test.ts': {
    'stream > they share the open file': FILES,
    'seqpacket > they share the open file': FILES,
    'datagram > they share the open file': FILES,
  },
  'systemd/docs.test.ts': {
    'what survives a restart': FILES,
  },
  'systemd/listen-fds.test.ts': {
    'a file can be passed; names may repeat and be empty':
      'its child_process passes no descriptor twice',
  },
};
