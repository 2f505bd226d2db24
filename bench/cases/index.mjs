import { busyPoll } from './busy-poll.mjs';
import { datagram } from './datagram.mjs';
import { descriptors } from './descriptors.mjs';
import { fanIn } from './fan-in.mjs';
import { latency } from './latency.mjs';
import { seqpacket } from './seqpacket.mjs';
import { sockets } from './sockets.mjs';
import { connections, stream } from './stream.mjs';

export const cases = [
  datagram,
  seqpacket,
  stream,
  connections,
  descriptors,
  fanIn,
  latency,
  sockets,
  busyPoll,
];
