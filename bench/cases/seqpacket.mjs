const afunix = (way) => ({ name: 'afunix', module: 'afunix-seqpacket', options: { way } });
const peer = (way) => ({
  name: 'node-unix-socket',
  module: 'node-unix-socket',
  needs: 'node-unix-socket',
  options: { way },
});

const sizes = [
  [64, '64 B', 3000],
  [1024, '1 KiB', 3000],
  [65_536, '64 KiB', 800],
];

export const seqpacket = {
  name: 'seqpacket',
  comparisons: [
    ...sizes.map(([size, text, count]) => ({
      title: `round trip ${text}, promises`,
      size,
      count,
      contenders: [
        afunix('trip'),
        { ...peer('trip'), target: size === 64 ? 0.35 : undefined },
        { name: 'C, epoll', limit: 'seqpacket-epoll' },
        { name: 'C, blocking', limit: 'seqpacket' },
      ],
    })),
    ...sizes.map(([size, text, count]) => ({
      title: `one way ${text}, promises`,
      size,
      count: count * 3,
      contenders: [afunix('bulk'), peer('bulk'), { name: 'C, blocking', limit: 'seqpacket-bulk' }],
    })),
  ],
};
