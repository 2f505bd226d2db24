// next, with a custom server that attach() has listen on a socket: built, and asked for pages.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { fromRegistry } from './npm.js';

const { app } = inject('packed');

async function ask(socketPath: string, path: string, options = {}, body = ''): Promise<string> {
  const request = http.request({ socketPath, path, agent: false, ...options }).end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return `${response.statusCode} ${(await response.toArray()).join('')}`;
}

test('pages, an API, many at once, and close()', async () => {
  using scratch = new Scratch();
  cpSync(fromRoot('test/package/next-app'), scratch.folder, { recursive: true });
  writeFileSync(scratch.path('package.json'), '{"private":true}');
  fromRegistry(scratch.folder, {
    next: 'next@16.4.6',
    react: 'react@19.2.3',
    'react-dom': 'react-dom@19.2.3',
  });
  for (const name of ['afunix', 'bindings', 'file-uri-to-path']) {
    const to = scratch.path(`node_modules/${name}`);
    cpSync(join(app, 'node_modules', name), to, { recursive: true });
  }
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' as const };
  const options = { cwd: scratch.folder, env };
  const next = scratch.path('node_modules/next/dist/bin/next');
  await promisify(execFile)(process.execPath, [next, 'build'], options);

  const path = scratch.path('next.sock');
  await using server = new Child(process.execPath, ['server.mjs', path], options);
  await server.says('listening');
  const pages = await Promise.all(Array.from({ length: 50 }, () => ask(path, '/')));
  for (const page of pages) {
    expect(page.slice(0, 4)).toBe('200 ');
    expect(page.replaceAll('<!-- -->', '')).toContain('rendered by the server');
  }
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
  expect(await ask(path, '/api/echo', json, '{"a":1}')).toBe(
    '200 {"method":"POST","body":{"a":1}}',
  );
  expect(await ask(path, '/missing')).toMatch(/^404 /);
  server.process.stdin?.end();
  expect(await server.succeeds()).toContain('closed');
});
