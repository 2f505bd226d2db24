// Commands that run programs: exec and activate. And the service's side of a manager: notify.
import { openSync, writeFileSync } from 'node:fs';
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { afunix, listening } from '../helpers/command.js';
import { asModule, describeWith, fromRoot, programPath } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';
import { Manager } from '../helpers/service-manager.js';

describe('exec', () => {
  test('the connection is stdin and stdout, and the environment has the peer', async () => {
    using scratch = new Scratch();
    const peer = '$AFUNIX_PEER_PID:$AFUNIX_PEER_UID:$AFUNIX_PEER_GID';
    const code = `echo "${peer} $AFUNIX_ADDRESS -x $1"; cat`;
    const args = ['exec', scratch.path(), 'sh', '-c', code, 'sh', '--mode'];
    await using child = await listening(args);
    const ask = async (text: string): Promise<string> => {
      await using client = await UnixStream.connect(scratch.path());
      await client.write(text);
      client.shutdown('write');
      const parts: Buffer[] = [];
      for await (const part of client) parts.push(part);
      return Buffer.concat(parts).toString();
    };
    const answers = await Promise.all(['one', 'two', 'three'].map(ask));
    const us = [process.pid, process.getuid?.(), process.getgid?.()].join(':');
    const head = `${us} ${scratch.path()} -x --mode\n`;
    expect(answers).toEqual([`${head}one`, `${head}two`, `${head}three`]);
    expect(child.process.exitCode).toBe(null);
  });

  test('--fds: descriptors from 3 on, and their bytes for the program to read', async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'contents');
    const code = 'read line; echo "$AFUNIX_FDS: $line, $(cat <&3)"';
    await using _child = await listening(['exec', '--fds', scratch.path(), 'sh', '-c', code]);
    await using client = await UnixStream.connect(scratch.path());
    await client.write('hi\n', { fds: [openSync(scratch.path('file'), 'r')] });
    expect(`${await client.read()}`).toBe('1: hi, contents\n');
  });

  test.skipIf(!hasSeqpacket)('seqpacket', async () => {
    using scratch = new Scratch();
    await using _child = await listening(['exec', '-t', 'seqpacket', scratch.path(), 'cat']);
    await using client = await UnixSeqpacket.connect(scratch.path());
    await client.send('one');
    await client.send('two');
    expect(`${(await client.receive())?.data} ${(await client.receive())?.data}`).toBe('one two');
  });

  test('dgram: a program for each, whose output goes to the sender', async () => {
    using scratch = new Scratch();
    const args = ['-t', 'dgram', scratch.path(), 'tr', 'a-z', 'A-Z'];
    await using _child = await listening(['exec', ...args]);
    await using client = await UnixDatagram.bind(scratch.path('client'));
    for (const word of ['one', 'two']) await client.send(word, { to: scratch.path() });
    expect(`${(await client.receive()).data} ${(await client.receive()).data}`).toBe('ONE TWO');
  });

  const types = hasSeqpacket ? ['seqpacket', 'dgram'] : ['dgram'];
  test.each(types)('%s, --fds: the descriptors, and who', async (type) => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('file'), 'contents');
    // It takes the packet: one that is left there when it ends resets the connection, before its answer is read.
    const take = 'dd bs=9 count=1 of=/dev/null 2>/dev/null';
    const print = 'echo "$AFUNIX_FDS $AFUNIX_PEER_PID $AFUNIX_PEER_ADDRESS: $(cat <&3)"';
    const code = `${take}; ${print}`;
    const args = ['exec', '--fds', '-t', type, scratch.path(), 'sh', '-c', code];
    await using _child = await listening(args);
    const fds = [openSync(scratch.path('file'), 'r')];
    let client: UnixSeqpacket | UnixDatagram;
    if (type === 'dgram') {
      client = await UnixDatagram.bind(scratch.path('client'));
      await client.send('x', { fds, to: scratch.path() });
    } else {
      client = await UnixSeqpacket.connect(scratch.path());
      await client.send('x', { fds });
    }
    const answer = `${(await client.receive())?.data}`;
    const from = type === 'dgram' ? scratch.path('client') : '';
    const pid = type === 'dgram' && process.platform !== 'linux' ? '' : process.pid;
    expect(answer).toBe(`1 ${pid} ${from}: contents\n`);
    await client.close();
  });

  test('a program that is not there', async () => {
    using scratch = new Scratch();
    await using child = await listening(['exec', scratch.path(), 'no-such-program']);
    await using client = await UnixStream.connect(scratch.path());
    expect(await client.read()).toBe(null);
    expect(await child.ended).toMatchObject({ code: 1 });
    expect(child.stderr).toContain('spawn no-such-program ENOENT');
  });
});

describe('activate', () => {
  const program = `
    import { listenFds } from ${JSON.stringify(fromRoot('dist/systemd.js'))};
    import { UnixListener } from ${JSON.stringify(fromRoot('dist/index.js'))};
    const fds = listenFds();
    console.log('started', fds.map(({ name }) => name).join(' '));
    const stream = await UnixListener.fromFd(fds[0]).accept();
    await stream.write('hello');
    await stream.close();
    process.exit(7);`;

  test('starts the program when somebody has come, with named listeners', async () => {
    using scratch = new Scratch();
    await using child = afunix([
      ...['activate', '-l', `web=${scratch.path('web')}`, '-l', scratch.path('other')],
      ...[process.execPath, ...asModule, program],
    ]);
    await child.says(`listening on ${scratch.path('other')}`, 'stderr');
    expect(child.stdout).toBe('');
    await using client = await UnixStream.connect(scratch.path('web'));
    expect(`${await client.read()}`).toBe('hello');
    expect(await child.ended).toMatchObject({ code: 7, stdout: 'started web unknown\n' });
  });

  describeWith('python3', programPath('python3'), (python) => {
    test('the listeners block, as programs expect', async () => {
      using scratch = new Scratch();
      const code = `import os, socket
assert os.environ['LISTEN_PID'] == str(os.getpid())
print('ready', flush=True)
peer, _ = socket.socket(fileno=3).accept()
peer.send(b'from Python')`;
      const args = ['activate', '--now', '-l', scratch.path(), python, '-c', code];
      await using child = await listening(args);
      await child.says('ready');
      await using client = await UnixStream.connect(scratch.path());
      expect(`${await client.read()}`).toBe('from Python');
      await child.succeeds();
    });
  });

  test('without --listen: 2', async () => {
    await using child = afunix(['activate', 'true']);
    expect(await child.ended).toMatchObject({ code: 2 });
  });
});

describe('notify', () => {
  test('sends assignments, and waits until they are read', async () => {
    using scratch = new Scratch();
    await using manager = await Manager.at(scratch.path('manager'));
    const env = { ...process.env, NOTIFY_SOCKET: manager.address };
    await using child = afunix(['notify', 'READY=1', 'STATUS=it works'], { env });
    expect(await manager.told()).toEqual(['READY=1', 'STATUS=it works']);
    await manager.passBarrier();
    await child.succeeds();
  });

  test('--no-block does not wait; --fd passes files', async () => {
    using scratch = new Scratch();
    await using manager = await Manager.at(scratch.path('manager'));
    const env = { ...process.env, NOTIFY_SOCKET: manager.address };
    const args = ['notify', '--no-block', '--fd', '/dev/null', 'FDSTORE=1'];
    await using child = afunix(args, { env });
    await child.succeeds();
    const { data, fds } = await manager.receive();
    expect(`${data}`).toBe('FDSTORE=1');
    expect(fds).toHaveLength(1);
    for (const fd of fds) fd.close();
  });

  test('no manager: 1; no assignment: 2', async () => {
    const { NOTIFY_SOCKET: _socket, ...env } = process.env;
    await using child = afunix(['notify', 'READY=1'], { env });
    expect(await child.ended).toMatchObject({ code: 1 });
    await using other = afunix(['notify', 'ready']);
    expect(await other.ended).toMatchObject({ code: 2 });
  });
});

describeWith('socat', programPath('socat'), (socat) => {
  test('a client that nobody here wrote, and exec', async () => {
    using scratch = new Scratch();
    await using _child = await listening(['exec', scratch.path(), 'cat']);
    await using client = new Child(socat, ['-', `UNIX-CONNECT:${scratch.path()}`]);
    client.process.stdin?.end('echo');
    expect(await client.succeeds()).toBe('echo');
  });
});
