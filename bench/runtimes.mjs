// Comparisons on Bun and Deno: afunix with the runtime's own sockets, and with its node:net.
import { afunix, net } from './lib/contender.mjs';

/** Not under a real-time policy: the runtimes' own threads would have to wait for the one that waits for them. */
const on = (runtime, title, options, ours, theirs) => ({
  title: `${runtime}, ${title}`,
  modes: ['pinned', 'unpinned'],
  realTime: false,
  count: 3000,
  ...options,
  contenders: [ours, theirs].map((contender) => ({ ...contender, runtime })),
});

const small = {};
const many = { count: 10_000 };
const large = { size: 65_536 };

function streams(runtime) {
  const own = (way) => ({ name: 'its own', module: runtime, options: { way } });
  const ours = (way) => afunix('stream', { way });
  return [
    on(runtime, 'stream round trip 64 B', small, ours('trip'), own('trip')),
    on(runtime, 'stream one way 64 KiB', large, ours('bulk'), own('bulk')),
    on(runtime, 'round trip 64 B, afunix/net', small, net('afunix', 'trip'), net('node', 'trip')),
  ];
}

/** Bun has no datagrams of its own. */
const datagrams = [
  ['datagram round trip 64 B', small, 'promise', 'datagram'],
  ['datagram one way 64 B', many, 'bulk', 'datagrams'],
].map(([title, options, ours, way]) =>
  on('deno', title, options, afunix('datagram', { way: ours }), {
    name: 'its own',
    module: 'deno',
    options: { way },
  }),
);

export const runtimes = [...streams('bun'), ...streams('deno'), ...datagrams];
