// Tells FileDescriptor of the classes it can become: they are made of it, so it cannot import them.
import { UnixDatagram } from './datagram.js';
import { setAdopters } from './file-descriptor.js';
import { UnixSeqpacket } from './seqpacket.js';
import { UnixSeqpacketListener } from './seqpacket-listener.js';
import { UnixStream } from './stream.js';
import { UnixListener } from './stream-listener.js';

setAdopters({ UnixStream, UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixDatagram });
