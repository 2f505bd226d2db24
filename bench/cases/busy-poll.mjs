// Two processes on two processors: what is measured is mostly how long it takes to be woken.
const options = { busyPoll: 100 };
const modes = ['apart'];

export const busyPoll = {
  name: 'busyPoll',
  comparisons: [
    {
      title: 'round trip 64 B, stream, busyPoll 100',
      count: 5000,
      modes,
      targetMode: 'apart',
      contenders: [
        { name: 'afunix', module: 'afunix-stream', options: { way: 'trip', ...options } },
        {
          name: 'node:net',
          module: 'net',
          options: { implementation: 'node', way: 'trip' },
          target: 0.25,
        },
        { name: 'C, blocking', limit: 'stream', target: 1 },
        { name: 'without', module: 'afunix-stream', options: { way: 'trip' } },
      ],
    },
    {
      title: 'round trip 64 B, datagram, busyPoll 100',
      count: 5000,
      modes,
      contenders: [
        { name: 'afunix', module: 'afunix-datagram', options: { way: 'callback', ...options } },
        { name: 'unix-dgram', module: 'unix-dgram', needs: 'unix-dgram' },
        { name: 'C, blocking', limit: 'dgram' },
      ],
    },
  ],
};
