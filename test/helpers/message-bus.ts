// The real dbus-daemon.
import { writeFileSync } from 'node:fs';
import { Child } from './children.js';
import type { Scratch } from './scratch.js';

/** Starts a bus at `address`, which lets in by EXTERNAL only. Returns it, running, and the address as D-Bus writes it. */
export async function messageBus(
  program: string,
  scratch: Scratch,
  address: string,
): Promise<[Child, string]> {
  const [kind, place] = address.startsWith('@')
    ? ['abstract', address.slice(1)]
    : ['path', address];
  const listen = `unix:${kind}=${place}`;
  writeFileSync(
    scratch.path('bus.conf'),
    `<busconfig>
      <type>session</type>
      <listen>${listen}</listen>
      <auth>EXTERNAL</auth>
      <policy context="default">
        <allow send_destination="*" eavesdrop="true"/>
        <allow eavesdrop="true"/>
        <allow own="*"/>
      </policy>
    </busconfig>`,
  );
  const options = ['--nofork', '--print-address', `--config-file=${scratch.path('bus.conf')}`];
  const daemon = new Child(program, options);
  await daemon.says(listen);
  return [daemon, listen];
}
