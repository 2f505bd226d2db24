// What a message costs does not depend on how many other sockets the loop watches, beyond what the
// processor, the kernel and V8's garbage collector have to fetch: in C and in node:net neither.
const title = 'stream round trip 64 B, 10,000 sockets on one loop';

const of = (name, contender) => ({
  title: name,
  count: 10_000,
  contenders: [10_000, 1].map((sockets) => ({ name: `with ${sockets}`, ...contender(sockets) })),
});

const afunix = of(title, (sockets) => ({ module: 'afunix-sockets', options: { sockets } }));
afunix.contenders[1].target = 1.3;

export const sockets = {
  name: 'sockets',
  comparisons: [
    afunix,
    ...['afunix', 'node'].map((implementation) =>
      of(`the same, ${implementation === 'node' ? 'node:net' : 'afunix/net'}`, (sockets) => ({
        module: 'net-sockets',
        options: { sockets, implementation },
      })),
    ),
    of('the same in C, epoll', (sockets) => ({ limit: `epoll=${sockets}` })),
  ],
};
