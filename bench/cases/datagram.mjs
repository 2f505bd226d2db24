const C_EPOLL = { name: 'C, epoll', limit: 'dgram-epoll' };
const UNIX_DGRAM = { name: 'unix-dgram', module: 'unix-dgram', needs: 'unix-dgram' };
const NODE_DGRAM = { name: 'node:dgram (UDP)', module: 'node-dgram' };
const afunix = (way) => ({ name: 'afunix', module: 'afunix-datagram', options: { way } });

const sizes = [
  [64, '64 B', 4000],
  [1024, '1 KiB', 4000],
  [65_507, '64 KiB', 1500],
];

export const datagram = {
  name: 'datagram',
  comparisons: [
    ...sizes.map(([size, text, count]) => ({
      title: `round trip ${text}, onMessages`,
      size,
      count,
      contenders: [
        afunix('callback'),
        { ...UNIX_DGRAM, target: size === 64 ? 0.65 : undefined },
        NODE_DGRAM,
        { ...C_EPOLL, target: size === 64 ? 2 : undefined },
        { name: 'C, blocking', limit: 'dgram' },
      ],
    })),
    {
      title: 'round trip 64 B, await',
      count: 4000,
      contenders: [afunix('promise'), UNIX_DGRAM],
    },
    ...sizes.map(([size, text, count]) => ({
      title: `one way ${text}, sendMany to onMessages`,
      size,
      count: count * 5,
      contenders: [
        afunix('bulk'),
        { ...UNIX_DGRAM, options: { way: 'bulk' }, target: size === 64 ? 0.33 : undefined },
        { ...NODE_DGRAM, options: { way: 'bulk' } },
        { name: 'C, mmsg', limit: 'dgram-bulk-mmsg', target: size === 64 ? 2 : undefined },
        { name: 'C, blocking', limit: 'dgram-bulk' },
      ],
    })),
    {
      // The kernel then bounds the queue by bytes, not by net.unix.max_dgram_qlen.
      title: 'one way 64 B, connected to each other',
      count: 20_000,
      contenders: [
        afunix('mutual'),
        { ...UNIX_DGRAM, options: { way: 'mutual' } },
        { name: 'C, mmsg', limit: 'dgram-bulk-mutual-mmsg' },
      ],
    },
    {
      title: 'memory, 10,000 idle sockets',
      modes: ['unpinned'],
      count: 10_000,
      fresh: true,
      rounds: 3,
      metrics: { clientMemory: '' },
      contenders: [
        afunix('idle'),
        { ...UNIX_DGRAM, options: { way: 'idle' } },
        { ...NODE_DGRAM, options: { way: 'idle' } },
      ],
    },
  ],
};
