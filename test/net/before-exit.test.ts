// 'beforeExit' comes again whenever a listener has given the event loop something to do. A socket or server that was
// unref'd, or is closed, gives it as much as one of node:net.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { asModule, fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

/** What the first 'beforeExit' does. The program has an unref'd `server`, `client` and `peer`. */
const programs: Record<string, string> = {
  nothing: '',
  'client.destroy()': 'client.destroy();',
  'client.end()': 'client.end();',
  'client.write()': "client.write('x');",
  'peer.destroy()': 'peer.destroy();',
  'client.ref().unref()': 'client.ref().unref();',
  'client.setTimeout()': 'client.setTimeout(1);',
  'server.close()': 'server.close();',
  "an unref'd connect()": 'net.connect(path).unref();',
  "an unref'd connect() to nowhere": "net.connect(path + 'x').on('error', () => {}).unref();",
  "an unref'd listen()": "net.createServer().listen(path + '2').unref();",
  'unref() and listen()': "net.createServer().unref().listen(path + '2');",
  'connect() and destroy()': 'net.connect(path).destroy();',
};

function run(module: string, then: string): string {
  using scratch = new Scratch();
  const program = `
    import net from '${module}';
    const path = ${JSON.stringify(scratch.path())};
    let peer;
    const server = net.createServer((socket) => { peer = socket.unref(); }).listen(path);
    const client = await new Promise((resolve) => {
      server.on('listening', () => { const made = net.connect(path, () => resolve(made)); });
    });
    await new Promise(setImmediate);
    server.unref();
    client.unref();
    let times = 0;
    process.on('beforeExit', () => {
      if (++times === 1) { ${then} }
    });
    process.on('exit', () => console.log(times, peer !== undefined));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, [...asModule, program], {
    cwd: fromRoot('.'),
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stdout + stderr;
}

for (const [name, then] of Object.entries(programs)) {
  test(`${name} in 'beforeExit'`, () => {
    const expected = run('node:net', then);
    expect(expected).toMatch(/^\d true$/m);
    expect(run('afunix/net', then)).toBe(expected);
  });
}
