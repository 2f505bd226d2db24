// 64 C programs' worth of senders, one receiver: what is measured is the receiver.
const client = { limit: 'dgram-bulk-fan-in' };
const options = { way: 'bulk' };

export const fanIn = {
  name: 'fan-in',
  comparisons: [
    {
      title: '64 senders, 64 B datagrams',
      count: 20_000,
      contenders: [
        { name: 'afunix', module: 'afunix-datagram', options, client },
        { name: 'unix-dgram', module: 'unix-dgram', needs: 'unix-dgram', options, client },
        { name: 'C, mmsg', limit: 'dgram-bulk-mmsg', client },
      ],
    },
  ],
};
