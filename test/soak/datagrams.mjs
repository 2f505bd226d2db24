// Datagrams from four processes to one receiver: each must come, once, and in its sender's order.
import { UnixDatagram } from 'afunix';
import { helper, part, progress, settings } from './part.mjs';

const { messages } = settings;
const senders = 4;

await part(async (folder) => {
  const path = `${folder}/receiver`;
  const receiver = await UnixDatagram.bind(path);
  const next = new Array(senders).fill(0);
  let came = 0;
  let wrong = 0;
  receiver.onMessages(
    (received) => {
      for (const { data } of received) {
        const sender = data.readUInt32LE(0);
        const number = data.readUInt32LE(4);
        if (number !== next[sender]) wrong++;
        next[sender] = number + 1;
      }
      came += received.length;
      progress(came / messages, `${came} messages`);
    },
    { reuse: true },
  );
  const each = messages / senders;
  await Promise.all(
    next.map((_, sender) => helper('../fixtures/datagram-flood.mjs', path, sender, each)),
  );
  // They have ended: what they sent is in the queue.
  while (receiver.bytesReadable > 0) await new Promise(setImmediate);
  await receiver.close();
  return {
    did: `${came.toLocaleString('en')} datagrams from ${senders} processes`,
    lost: Math.abs(messages - came) + wrong,
  };
});
