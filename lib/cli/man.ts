// The man page. scripts/man.mjs writes it after a build.
import { commands } from './commands.js';
import { notes, optionsOf, sentence } from './help.js';
import { version } from './version.js';

/** Returns afunix(1), in the macros of man(7). */
export function manPage(): string {
  const lines = [
    `.TH AFUNIX 1 "" "afunix ${version()}" "User Commands"`,
    '.SH NAME',
    'afunix \\- uses Unix domain sockets from a terminal and in scripts',
    '.SH SYNOPSIS',
    '.B afunix',
    '.I COMMAND',
    '[OPTIONS] [ARGUMENTS]',
    '.SH DESCRIPTION',
    roff(notes[0] as string),
    '.SH COMMANDS',
  ];
  for (const command of commands) {
    lines.push(
      `.SS "afunix ${roff(`${command.name} ${command.synopsis}`.trim())}"`,
      roff(sentence(command.summary)),
    );
    if (command.details !== undefined) lines.push('.PP', roff(command.details));
    for (const [name, { short, value, help }] of optionsOf(command)) {
      if (name === 'help' || name === 'version') continue;
      const names = short === undefined ? `\\-\\-${name}` : `\\-${short}, \\-\\-${name}`;
      lines.push('.TP', `.BR "${names}"${value === undefined ? '' : ` " ${roff(value)}"`}`);
      lines.push(roff(sentence(help)));
    }
  }
  lines.push('.SH EXIT STATUS', roff((notes[1] as string).replace('Exit code: ', '')));
  lines.push('.SH SEE ALSO', '.BR unix (7),', '.BR socat (1),', '.BR nc (1),', '.BR ss (8)');
  return `${lines.join('\n')}\n`;
}

function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}
