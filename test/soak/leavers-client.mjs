// Connects and leaves: leavers-client.mjs PATH TIMES.
import { setTimeout as sleep } from 'node:timers/promises';
import * as raw from 'afunix/raw';

const [path, times] = process.argv.slice(2);
for (let i = 0; i < Number(times); i++) {
  const fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
  for (;;) {
    try {
      raw.connect(fd, path);
      break;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error; // else the backlog is full
      await sleep(1);
    }
  }
  raw.close(fd);
}
