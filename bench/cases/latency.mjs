// Open loop: a C program sends when a message is due, whether the last was answered or not, and counts
// from then. The rate is half of what the peer can answer, the same for all.
const client = { limit: 'dgram-load' };

export const latency = {
  name: 'latency',
  comparisons: [
    {
      title: 'datagram answered under load',
      count: 50_000,
      saturate: { contender: 1, client: { limit: 'dgram-saturate' } },
      metrics: { p50: 'p50', p99: 'p99', p999: 'p99.9' },
      targetMetric: 'p99',
      contenders: [
        { name: 'afunix', module: 'afunix-datagram', options: { way: 'callback' }, client },
        { name: 'unix-dgram', module: 'unix-dgram', needs: 'unix-dgram', client, target: 0.5 },
        { name: 'C, epoll', limit: 'dgram-epoll', client },
      ],
    },
  ],
};
