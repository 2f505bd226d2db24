const afunix = (way) => ({ name: 'afunix', module: 'afunix-stream', options: { way } });
const net = (implementation, way, target) => ({
  name: implementation === 'node' ? 'node:net' : 'afunix/net',
  module: 'net',
  options: { implementation, way },
  exports: implementation === 'node' ? undefined : 'net',
  target,
});

const sizes = [
  [64, '64 B', 3000],
  [1024, '1 KiB', 3000],
  [65_536, '64 KiB', 1000],
];

const connect = [
  ['promises', afunix('connect')],
  ['afunix/net', net('afunix', 'connect')],
];

export const connections = {
  name: 'connections',
  comparisons: connect.map(([text, ours]) => ({
    title: `connect, a byte, close; ${text}`,
    count: 800,
    contenders: [ours, net('node', 'connect')],
  })),
};

export const stream = {
  name: 'stream',
  comparisons: [
    ...sizes.flatMap(([size, text, count]) => [
      {
        title: `round trip ${text}, promises`,
        size,
        count,
        contenders: [
          afunix('trip'),
          net('node', 'trip', size === 64 ? 0.55 : undefined),
          { name: 'C, epoll', limit: 'stream-epoll' },
          { name: 'C, blocking', limit: 'stream' },
        ],
      },
      {
        title: `round trip ${text}, afunix/net`,
        size,
        count,
        contenders: [net('afunix', 'trip'), net('node', 'trip', size === 64 ? 0.85 : undefined)],
      },
      {
        title: `one way ${text}, read(buffer)`,
        size,
        count: count * (size < 65_536 ? 10 : 5),
        contenders: [
          afunix('bulk'),
          net('node', 'bulk'),
          { name: 'C, blocking', limit: 'stream-bulk', target: size === 65_536 ? 1.3 : undefined },
        ],
      },
      {
        title: `one way ${text}, afunix/net`,
        size,
        count: count * (size < 65_536 ? 10 : 5),
        contenders: [net('afunix', 'bulk'), net('node', 'bulk')],
      },
    ]),
    ...[afunix('idle'), net('afunix', 'idle')].map((ours) => ({
      title: `memory, 10,000 idle connections${ours.name === 'afunix' ? '' : ', afunix/net'}`,
      modes: ['unpinned'],
      count: 10_000,
      fresh: true,
      rounds: 3,
      metrics: {
        memory: 'both sides',
        serverMemory: 'accepted side',
        clientMemory: 'connecting side',
      },
      targetMetric: 'memory',
      targetMode: 'unpinned',
      contenders: [ours, net('node', 'idle', 0.6)],
    })),
  ],
};
