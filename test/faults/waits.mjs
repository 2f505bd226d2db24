// Waits that cannot be armed, for epoll_ctl(2) fails each time: what was received or accepted meanwhile must not be lost.
// waits.mjs FOLDER prints what became of it.
import { UnixListener, UnixSeqpacket, UnixStream } from 'afunix';

const folder = process.argv[2];
const errors = [];
const fails = (promise) => promise.catch(({ code, syscall }) => errors.push(`${syscall} ${code}`));

// Some of what an exact read wants is there.
const [one, other] = UnixStream.pair();
await one.write('abc');
await fails(other.readExactly(5));
await one.write('de');
const exact = `${await other.readExactly(5)}`;

// A connection that waits for a decision.
let decide;
const authorize = () =>
  new Promise((resolve) => {
    decide = resolve;
  });
const listener = await UnixListener.bind(`${folder}/socket`, { authorize });
const client = await UnixStream.connect(`${folder}/socket`);
const accepting = listener.accept();
decide(true);
const accepted = await accepting;
await accepted.write('hello');
const greeting = `${await client.read()}`;

// A receive that fails takes no send along.
const [near, far] = UnixSeqpacket.pair();
await fails(near.receive());
await near.send('packet');
const packet = `${(await far.receive()).data}`;

console.log(JSON.stringify({ errors, exact, greeting, packet }));
process.exit();
