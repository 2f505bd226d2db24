// The clients of connections.mjs: connections-client.mjs FOLDER CONNECTIONS SECONDS. All of them connect, and then
// each sends, and wants the same back, until the time is over.
import { UnixStream } from 'afunix';

const [folder, connections, seconds] = process.argv.slice(2);
const result = { exchanges: 0, lost: 0, unhandled: 0 };
process.on('unhandledRejection', () => result.unhandled++);

const source = Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 7919) % 256));
/** A piece of it, another one each time. */
function message(number) {
  const start = (number * 31) % 4096;
  return source.subarray(start, start + 16 + ((number * 13) % 2000));
}

async function exchange(stream, number) {
  const sent = message(number);
  await stream.write(sent);
  for (let got = 0; got < sent.length; ) {
    const data = await stream.read();
    if (data === null) throw new Error('it ended');
    if (!data.equals(sent.subarray(got, got + data.length))) throw new Error('it is different');
    got += data.length;
  }
}

async function talk(stream, number, end) {
  try {
    for (let i = number; performance.now() < end; i++) {
      await exchange(stream, i);
      result.exchanges++;
    }
  } catch (error) {
    if (result.lost++ < 3) console.error(error);
  }
  await stream.close();
}

const streams = [];
for (let i = 0; i < Number(connections); i++) {
  streams.push(await UnixStream.connect(`${folder}/${i % 2 === 0 ? 'promises' : 'net'}`));
}
// One exchange each, so that all were accepted before the first goes.
await Promise.all(streams.map((stream, i) => exchange(stream, i)));
const end = performance.now() + 1000 * Number(seconds);
await Promise.all(streams.map((stream, i) => talk(stream, i, end)));
console.log(JSON.stringify(result));
