// A worker without privileges, which reads only the files it is given. It runs as another user (start
// this as root), asks for files by name over a packet socket, and gets them open, or a refusal.
//
//   npx tsx examples/worker.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { UnixSeqpacket } from 'afunix';

const nobody = 65534;
const allowed = new Set(['greeting.txt']);

/** Hands files of `folder` out, until the worker closes its end. */
async function handOut(folder: string, worker: UnixSeqpacket): Promise<void> {
  for await (const { data, credentials } of worker) {
    const name = data.toString();
    console.log(`user ${credentials?.uid} asks for ${name}`); // the kernel's word
    if (!allowed.has(name)) {
      await worker.send('not for you');
      continue;
    }
    await using file = await open(join(folder, name));
    await worker.send('here it is', { fds: [file] });
  }
}

/** The worker's side: descriptor 3 is its end of the socket, and all it has. */
async function work(folder: string): Promise<void> {
  dropPrivileges();
  await using files = UnixSeqpacket.fromFd(3, { maxFds: 1 });
  for (const name of ['greeting.txt', 'secret.txt', '../etc/passwd']) {
    const direct = await open(join(folder, name)).then(
      (file) => file.close().then(() => 'it is open'),
      ({ code }) => code,
    );
    console.log(`worker: ${name} by itself: ${direct}`);
    await files.send(name);
    const answer = await files.receive();
    const [file] = answer?.fds ?? [];
    const contents = file === undefined ? '' : `: ${await text(file.toReadStream())}`;
    console.log(`worker: ${name} by asking: ${answer?.data}${contents}`);
  }
}

function dropPrivileges(): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}

async function demonstrate(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'afunix-worker-')); // mode 0700
  writeFileSync(join(folder, 'greeting.txt'), 'good morning');
  writeFileSync(join(folder, 'secret.txt'), 'not for everybody');
  try {
    const [mine, its] = UnixSeqpacket.pair({ credentials: true });
    const command = [...process.execArgv, fileURLToPath(import.meta.url), 'work', folder];
    const child = spawn(process.execPath, command, {
      stdio: ['ignore', 'inherit', 'inherit', its.fd],
    });
    await its.close();
    await using worker = mine;
    const [[code]] = await Promise.all([once(child, 'exit'), handOut(folder, worker)]);
    process.exitCode = code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [command, folder] = process.argv.slice(2);
if (command === 'work') await work(folder as string);
else await demonstrate();
