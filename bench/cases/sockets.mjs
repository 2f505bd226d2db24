// What a message costs does not depend on how many other sockets the loop watches; in C neither, beyond
// what the processor and the kernel have to fetch.
const afunix = (sockets) => ({
  name: `with ${sockets}`,
  module: 'afunix-sockets',
  options: { sockets },
});

const limit = (sockets) => ({ name: `with ${sockets}`, limit: `epoll=${sockets}` });

export const sockets = {
  name: 'sockets',
  comparisons: [
    {
      title: 'stream round trip 64 B, 10,000 sockets on one loop',
      count: 10_000,
      modes: ['pinned'],
      contenders: [afunix(10_000), { ...afunix(1), target: 1.3 }],
    },
    {
      title: 'the same in C, epoll',
      count: 10_000,
      modes: ['pinned'],
      contenders: [limit(10_000), limit(1)],
    },
  ],
};
