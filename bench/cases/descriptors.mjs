const afunix = (way) => ({ name: 'afunix', module: 'afunix-descriptors', options: { way } });

export const descriptors = {
  name: 'descriptors',
  comparisons: [
    {
      title: 'one a message, acknowledged',
      count: 2000,
      contenders: [afunix('descriptor'), { name: 'usocket', module: 'usocket', needs: 'usocket' }],
    },
    {
      title: 'a TCP connection to another process',
      count: 300,
      contenders: [afunix('connection'), { name: 'child_process', module: 'child-process' }],
    },
    {
      title: 'a TCP connection, as a net.Socket there',
      count: 300,
      contenders: [afunix('socket'), { name: 'child_process', module: 'child-process' }],
    },
  ],
};
