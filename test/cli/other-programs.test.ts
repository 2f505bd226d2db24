// socat(1) and Python on the other side.
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { afunix, listening } from '../helpers/command.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

describeWith('socat', programPath('socat'), (socat) => {
  test('we listen, stream', async () => {
    using scratch = new Scratch();
    await using server = await listening(['listen', scratch.path()]);
    await using client = new Child(socat, ['-t', '10', '-', `UNIX-CONNECT:${scratch.path()}`]);

    client.process.stdin?.end('hello');
    await server.says('hello');
    server.process.stdin?.end('and to you');
    expect(await client.succeeds()).toBe('and to you');
    await server.succeeds();
    expect(server.stderr).toContain('(socat)');
  });

  test('we connect, stream', async () => {
    using scratch = new Scratch();
    await using server = new Child(socat, [
      ...['-d', '-d', '-t', '10', `UNIX-LISTEN:${scratch.path()}`, 'SYSTEM:cat; echo end'],
    ]);
    await server.says('listening on', 'stderr');
    await using client = afunix(['connect', scratch.path()]);

    client.process.stdin?.end('hello\n');
    expect(await client.succeeds()).toBe('hello\nend\n');
  });

  test('an abstract name', async () => {
    using scratch = new Scratch();
    const name = scratch.address('abstract');
    await using server = await listening(['receive', name]);
    await using client = new Child(socat, ['-', `ABSTRACT-CONNECT:${name.slice(1)}`]);

    client.process.stdin?.end('hello');
    await client.succeeds();
    expect(await server.succeeds()).toBe('hello');
  });

  test('datagrams, there and back', async () => {
    using scratch = new Scratch();
    await using server = new Child(socat, [
      '-d',
      '-d',
      `UNIX-RECVFROM:${scratch.path()}`,
      'EXEC:cat',
    ]);
    await server.says('receiving on', 'stderr');
    await using client = afunix(['connect', '-t', 'dgram', scratch.path()]);

    client.process.stdin?.write('hello\n');
    await client.says('hello\n');
  });

  test('packets', async () => {
    using scratch = new Scratch();
    if (!hasSeqpacket) return;
    await using server = await listening(['receive', '-x', '-t', 'seqpacket', scratch.path()]);
    await using client = new Child(socat, ['-u', '-', `UNIX-CONNECT:${scratch.path()},type=5`]);

    client.process.stdin?.end('hello');
    await client.succeeds();
    expect(await server.succeeds()).toBe('68 65 6c 6c 6f\n');
  });
});

describeWith('python3', programPath('python3'), (python) => {
  const prelude = 'import array, os, socket, sys\nTYPE = getattr(socket, "SOCK_" + sys.argv[2])\n';
  const run = (code: string, path: string, type: string): Child =>
    new Child(python, ['-u', '-c', prelude + code, path, type.toUpperCase()]);
  const types = hasSeqpacket ? ['stream', 'dgram', 'seqpacket'] : ['stream', 'dgram'];

  describe.each(types)('%s', (type) => {
    test('Python reads the file that we pass', async () => {
      using scratch = new Scratch();
      writeFileSync(scratch.path('file'), 'what the file holds');
      await using server = run(
        `with socket.socket(socket.AF_UNIX, TYPE) as listener:
    listener.bind(sys.argv[1])
    if TYPE != socket.SOCK_DGRAM: listener.listen()
    print("ready")
    peer = listener if TYPE == socket.SOCK_DGRAM else listener.accept()[0]
    data, fds, _, _ = socket.recv_fds(peer, 100, 4)
    print(data.decode(), os.read(fds[0], 100).decode(), len(fds))
`,
        scratch.path(),
        type,
      );
      await server.says('ready');
      const args = ['-t', type, '--fd', scratch.path('file'), scratch.path(), 'hi'];
      await using client = afunix(['send', ...args]);

      await client.succeeds();
      expect(await server.succeeds()).toBe('ready\nhi what the file holds 1\n');
    });

    test('we list what Python passes', async () => {
      using scratch = new Scratch();
      await using server = await listening(['receive', '-t', type, scratch.path()]);
      await using client = run(
        `with socket.socket(socket.AF_UNIX, TYPE) as peer:
    peer.connect(sys.argv[1])
    listener = socket.socket(socket.AF_INET)
    listener.listen()
    reading, writing = os.pipe()
    socket.send_fds(peer, [b"hi"], [listener.fileno(), reading, peer.fileno()])
sys.stdin.read() # it can be named for as long as it is there
`,
        scratch.path(),
        type,
      );

      expect(await server.succeeds()).toBe('hi');
      client.process.stdin?.end();
      await client.succeeds();
      const name = { stream: 'stream', dgram: 'datagram', seqpacket: 'seqpacket' }[type];
      expect(server.stderr.match(/(?<=descriptor: ).*/g)).toEqual([
        'listening inet stream socket',
        'pipe',
        `unix ${name} socket`,
      ]);
      expect(server.stderr).toContain(`process ${client.pid} (python3`);
    });
  });
});
