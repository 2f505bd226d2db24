// What is compared: afunix, each time the first contender, with its peers and with C (limit.c). `target` is the ratio
// that afunix may take at most, one for all modes but `busy`, or one for each. `measure` names the figures that are compared
// and held to the target: processor time of both sides ('cpu') unless the row says otherwise.
import { afunix, net } from './lib/contender.mjs';
import { runtimes } from './runtimes.mjs';

const c = (name, limit, target) => ({ name: `C, ${name}`, limit, target });
const unixDgram = (way, target) => ({
  name: 'unix-dgram',
  module: 'unix-dgram',
  needs: 'unix-dgram',
  options: { way },
  target,
});
/** A comparison, and the same for the first 10,000 operations of fresh processes, with the first peer alone. */
function warmAndCold(comparison, target) {
  const [ours, peer] = comparison.contenders;
  return [
    comparison,
    {
      ...comparison,
      title: `${comparison.title}, cold`,
      count: 10_000,
      fresh: true,
      contenders: [ours, { ...peer, target }],
    },
  ];
}

/**
 * After each garbage collection glibc gives the freed memory back to the kernel, or does not: what else lies in its heap
 * decides. For messages of 64 KiB that makes a process two to ten times as slow, by chance. So it keeps the memory.
 */
const keepingMemory = (contender) => ({
  ...contender,
  env: { MALLOC_TRIM_THRESHOLD_: String(256 << 20) },
});

const datagram = [
  ...warmAndCold(
    {
      title: 'round trip 64 B, onMessages',
      count: 4000,
      contenders: [
        afunix('datagram', { way: 'callback' }),
        unixDgram(undefined, 0.95),
        c('epoll', 'dgram-epoll'),
      ],
    },
    1.1,
  ),
  ...warmAndCold(
    {
      title: 'round trip 64 B, awaited',
      count: 4000,
      contenders: [afunix('datagram', { way: 'promise' }), unixDgram(undefined, 1.05)],
    },
    1.2,
  ),
  ...warmAndCold({
    title: 'one way 64 B, sendMany to onMessages',
    count: 20_000,
    contenders: [
      afunix('datagram', { way: 'bulk' }),
      unixDgram('bulk', { pinned: 0.65, unpinned: 0.55 }),
      c('mmsg', 'dgram-bulk', 1.5),
    ],
  }),
  ...['awaited', 'together'].map((sends) => ({
    title: `one way 64 B to an address, ${sends}`,
    count: 20_000,
    contenders: [afunix('datagram', { way: 'bulk', sends }), c('blocking', 'dgram-bulk-address')],
  })),
  {
    title: 'round trip 64 KiB, onMessages',
    size: 65_507,
    count: 1500,
    contenders: [afunix('datagram', { way: 'callback' }), unixDgram()].map(keepingMemory),
  },
  {
    title: 'one way 64 KiB, sendMany to onMessages',
    size: 65_507,
    count: 5000,
    contenders: [afunix('datagram', { way: 'bulk' }), unixDgram('bulk')].map(keepingMemory),
  },
];

const nodeUnixSocket = {
  name: 'node-unix-socket',
  module: 'node-unix-socket',
  needs: 'node-unix-socket',
  target: 0.5,
};
const seqpacket = warmAndCold({
  title: 'round trip 64 B, awaited',
  count: 3000,
  contenders: [afunix('seqpacket'), nodeUnixSocket, c('epoll', 'seqpacket-epoll')],
});

const stream = [
  ...warmAndCold({
    title: 'round trip 64 B, awaited',
    count: 3000,
    contenders: [
      afunix('stream', { way: 'trip' }),
      net('node', 'trip', 0.95),
      c('epoll', 'stream-epoll'),
    ],
  }),
  {
    title: 'round trip 64 B, afunix/net',
    count: 3000,
    contenders: [net('afunix', 'trip'), net('node', 'trip', 0.95)],
  },
  {
    title: 'one way 64 KiB, read(buffer)',
    size: 65_536,
    count: 5000,
    contenders: [
      afunix('stream', { way: 'bulk' }),
      net('node', 'bulk', 0.65),
      c('blocking', 'stream-bulk'),
    ],
  },
  {
    title: 'one way 64 KiB, afunix/net',
    size: 65_536,
    count: 5000,
    contenders: [net('afunix', 'bulk'), net('node', 'bulk', 0.95)].map(keepingMemory),
  },
];

const connections = [
  {
    title: 'connect, one byte, close; awaited',
    count: 800,
    contenders: [afunix('stream', { way: 'connect' }), net('node', 'connect', 0.7)],
  },
  {
    title: 'connect, one byte, close; afunix/net',
    count: 800,
    contenders: [net('afunix', 'connect'), net('node', 'connect')],
  },
];

const descriptors = [
  {
    title: 'one a message, acknowledged',
    count: 5000,
    contenders: [
      afunix('descriptors', { way: 'descriptor' }),
      { name: 'usocket', module: 'usocket', needs: 'usocket', target: 0.8 },
      c('epoll', 'seqpacket-epoll-rights'),
    ],
  },
  {
    title: 'a TCP connection to another process',
    count: 1000,
    contenders: [
      afunix('descriptors', { way: 'connection' }),
      { name: 'child_process', module: 'child-process' },
    ],
  },
];

const frames = (name, way) => ({ ...afunix('frames', { way }), name });
const fileBy = (name, sender) => ({
  name,
  module: 'afunix-stream',
  options: { way: 'bulk', sender },
  client: { module: 'send-file' },
});
const large = [
  {
    title: 'frames of 4 MiB in shared memory',
    size: 4 << 20,
    count: 50,
    contenders: [frames('afunix', 'memory'), frames('the same as bytes', 'bytes')],
  },
  {
    title: 'a file of 64 MiB, sendFile',
    size: 65_536,
    count: 1024,
    contenders: [fileBy('afunix', 'sendFile'), fileBy('node:fs to node:net', 'node')],
  },
];

// Open loop: a C program sends a message when it is due, whether the last was answered or not, and counts from then.
// The rate, the same for all, is half of the top rate of the first peer.
const client = { limit: 'dgram-load' };
// Not under a real-time policy: what takes more than 95 % of a second the kernel stops for the rest of it, 50 ms.
const latency = [
  {
    title: 'datagram at half the top rate',
    realTime: false,
    count: 40_000,
    measure: ['p99', 'p99.9'],
    saturate: { limit: 'dgram-saturate' },
    contenders: [
      { ...afunix('datagram', { way: 'callback' }), client },
      { ...unixDgram(undefined, 1), client },
      { ...c('epoll', 'dgram-epoll'), client },
    ],
  },
];

// The cost of a round trip with 10,000 sockets on one loop, divided by its cost with one. Not under a real-time policy,
// because V8 marks often (see lib/modes.mjs).
const growth = (contender, target) => ({
  ...contender(10_000),
  relativeTo: contender(1),
  target,
});
const netSockets = (implementation) => (sockets) => ({
  ...net(implementation),
  module: 'net-sockets',
  options: { implementation, sockets },
});
const growthOf = (contender) => [
  growth(contender),
  growth(netSockets('node'), 1),
  growth((sockets) => c('epoll', `stream-epoll=${sockets}`)),
];
const sockets = [
  {
    title: 'growth from 1 to 10,000, streams, awaited',
    realTime: false,
    count: 5000,
    contenders: growthOf((sockets) => afunix('sockets', { sockets })),
  },
  {
    title: 'growth from 1 to 10,000, afunix/net',
    realTime: false,
    count: 5000,
    contenders: growthOf(netSockets('afunix')),
  },
];

// Pinned, each side polls until the other runs: sched_yield(2) gives it the processor at once under a real-time policy.
const busyPoll = { measure: ['wall'], count: 4000 };
const polling = { busyPoll: 50 };
const busyPollTarget = { pinned: 0.7, unpinned: 0.45 };
const busyPolls = [
  {
    ...busyPoll,
    title: 'datagram round trip, busyPoll 50',
    contenders: [
      afunix('datagram', { way: 'callback', ...polling }),
      unixDgram(undefined, busyPollTarget),
      c('blocking', 'dgram', 1),
    ],
  },
  {
    ...busyPoll,
    title: 'stream round trip, busyPoll 50',
    contenders: [
      afunix('stream', { way: 'trip', ...polling }),
      net('node', 'trip', busyPollTarget),
      c('blocking', 'stream', 1),
    ],
  },
];

const memory = [
  ['datagrams', afunix('datagram', { way: 'idle' }), unixDgram('idle')],
  ['streams', afunix('stream', { way: 'idle' }), net('node', 'idle')],
  ['afunix/net', net('afunix', 'idle'), net('node', 'idle')],
].map(([what, ...contenders]) => ({
  title: `10,000 idle sockets, ${what}`,
  count: 10_000,
  measure: ['memory'],
  modes: ['unpinned'],
  fresh: true,
  rounds: 3,
  contenders,
}));

const command = ['send', 'relay'].flatMap((way) => {
  const contender = (program, times = 1) => ({
    name: program,
    module: 'command',
    options: { way, program, times },
  });
  const growing = (program, target) => ({
    ...contender(program, 5),
    relativeTo: contender(program),
    target,
  });
  const both = { size: 65_536, count: 4578, modes: ['unpinned'], fresh: true, rounds: 3 };
  return [
    // A rate of 0.8 of socat's at least: 1.25 of its time at most.
    {
      ...both,
      title: `300 MB, ${way}`,
      measure: ['wall'],
      contenders: [contender('afunix'), { ...contender('socat'), target: 1.25 }],
    },
    // The most memory that 1.5 GB take, divided by that of 300 MB.
    {
      ...both,
      title: `1.5 GB, ${way}: memory stays flat`,
      measure: ['peak'],
      contenders: [growing('afunix'), growing('socat', 1.1)],
    },
  ];
});

export const cases = {
  datagram,
  seqpacket,
  stream,
  connections,
  descriptors,
  large,
  latency,
  sockets,
  busyPoll: busyPolls,
  memory,
  command,
  runtimes,
};
