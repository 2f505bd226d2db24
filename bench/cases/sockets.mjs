// What a message costs does not depend on how many other sockets the loop watches.
const afunix = (sockets) => ({
  name: `with ${sockets}`,
  module: 'afunix-sockets',
  options: { sockets },
});

export const sockets = {
  name: 'sockets',
  comparisons: [
    {
      title: 'stream round trip 64 B, 10,000 sockets on one loop',
      count: 10_000,
      modes: ['pinned'],
      contenders: [afunix(10_000), { ...afunix(1), target: 1.3 }],
    },
  ],
};
