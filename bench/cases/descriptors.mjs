const afunix = (way) => ({ name: 'afunix', module: 'afunix-descriptors', options: { way } });

export const descriptors = {
  name: 'descriptors',
  comparisons: [
    {
      title: 'one a message, acknowledged',
      count: 10_000,
      contenders: [
        afunix('descriptor'),
        { name: 'usocket', module: 'usocket', needs: 'usocket', target: 0.6 },
        { name: 'C, epoll', limit: 'seqpacket-epoll-rights' },
      ],
    },
    {
      title: 'one a message, acknowledged, await',
      count: 10_000,
      contenders: [afunix('awaited'), { name: 'usocket', module: 'usocket', needs: 'usocket' }],
    },
    {
      title: 'a TCP connection to another process',
      count: 1000,
      contenders: [
        afunix('connection'),
        { name: 'child_process', module: 'child-process', target: 0.33 },
      ],
    },
    {
      title: 'a TCP connection, as a net.Socket there',
      count: 1000,
      contenders: [afunix('socket'), { name: 'child_process', module: 'child-process' }],
    },
  ],
};
