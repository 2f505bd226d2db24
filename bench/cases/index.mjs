import { busyPoll } from './busy-poll.mjs';
import { datagram } from './datagram.mjs';
import { descriptors } from './descriptors.mjs';
import { seqpacket } from './seqpacket.mjs';
import { stream } from './stream.mjs';

export const cases = [datagram, seqpacket, stream, descriptors, busyPoll];
