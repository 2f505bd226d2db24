// The command `completion`.
import { isAddress, wordsOf } from '../arguments.js';
import { type Command, commands, type Request } from '../commands.js';
import { optionsOf } from '../help.js';
import { type Option, UsageError } from '../values.js';

const shells: Readonly<Record<string, () => string>> = { bash, zsh, fish };

/** Prints the completions for a shell. */
export async function run({ words: [shell = ''] }: Request): Promise<void> {
  const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (script === undefined) throw new UsageError(`there are bash, zsh and fish, not ${shell}`);
  process.stdout.write(script());
}

/** Returns the kind of name that the arguments of a command are. */
function argumentsOf(command: Command): 'file' | 'program' | readonly string[] | undefined {
  if (command.name === 'completion') return Object.keys(shells);
  const words = wordsOf(command);
  if (words.some(({ name }) => name === 'PROGRAM')) return 'program';
  return words.some(({ name }) => isAddress(name)) ? 'file' : undefined;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(): string {
  const generate = (completes: Option<unknown>['completes'] | undefined): string =>
    completes === undefined
      ? ':'
      : typeof completes === 'string'
        ? `compgen -${{ file: 'f', folder: 'd', program: 'cf' }[completes].split('').join(' -')} -- "$word"`
        : `compgen -W ${quote(completes.join(' '))} -- "$word"`;
  const cases = commands.map((command) => {
    const options = optionsOf(command);
    const valued = options
      .filter(([, { value }]) => value !== undefined)
      .map(([name, { short, completes }]) => {
        const names = short === undefined ? `--${name}` : `-${short}|--${name}`;
        return `        ${names}) reply "$(${generate(completes)})"; return ;;\n`;
      });
    return `    ${command.name})
      case "$previous" in
${valued.join('')}        *) ;;
      esac
      case "$word" in
        -*) reply "$(compgen -W '${options.map(([name]) => `--${name}`).join(' ')}' -- "$word")" ;;
        *) reply "$(${generate(argumentsOf(command))})" ;;
      esac ;;
`;
  });
  const names = commands.map(({ name }) => name).join(' ');
  return `# Completions of afunix for bash: source <(afunix completion bash)
_afunix() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  reply() { mapfile -t COMPREPLY < <([ -z "$1" ] || printf '%s\\n' "$1"); }
  if [ "$COMP_CWORD" = 1 ]; then
    reply "$(compgen -W '${names} --help --version' -- "$word")"
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('')}    *) ;;
  esac
}
complete -o filenames -F _afunix afunix
`;
}

function zsh(): string {
  const action = (completes: Option<unknown>['completes'] | undefined): string =>
    completes === undefined
      ? ' '
      : typeof completes === 'string'
        ? { file: '_files', folder: '_files -/', program: '_command_names -e' }[completes]
        : `(${completes.join(' ')})`;
  const plain = (text: string): string => text.replace(/[[\]:]/g, '\\$&');
  const cases = commands.map((command) => {
    const specs = optionsOf(command).map(([name, { short, value, help, completes }]) => {
      const argument = value === undefined ? '' : `:${value}:${action(completes)}`;
      const rest = quote(`[${plain(help)}]${argument}`);
      return short === undefined ? `'*'--${name}${rest}` : `'*'{-${short},--${name}}${rest}`;
    });
    const words = argumentsOf(command);
    if (words !== undefined) specs.push(quote(`*:argument:${action(words)}`));
    return `    ${command.name}) _arguments -s ${specs.join(' ')} ;;\n`;
  });
  const described = commands.map(({ name, summary }) => quote(`${name}:${summary}`));
  return `#compdef afunix
# Completions of afunix for zsh: source <(afunix completion zsh)
_afunix() {
  if (( CURRENT == 2 )); then
    local -a names=(${described.join(' ')})
    _describe command names
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('')}  esac
}
compdef _afunix afunix
`;
}

function fish(): string {
  const lines = ['# Completions of afunix for fish: afunix completion fish | source'];
  for (const command of commands) {
    const seen = quote(`__fish_seen_subcommand_from ${command.name}`);
    lines.push(
      `complete -c afunix -n __fish_use_subcommand -f -a ${command.name} -d ${quote(command.summary)}`,
    );
    for (const [name, { short, value, help, completes }] of optionsOf(command)) {
      const names = `${short === undefined ? '' : `-s ${short} `}-l ${name}`;
      const words = typeof completes === 'object' ? ` -f -a ${quote(completes.join(' '))}` : '';
      const takes = value === undefined ? '' : ` -r${words}`;
      lines.push(`complete -c afunix -n ${seen} ${names}${takes} -d ${quote(help)}`);
    }
    const words = argumentsOf(command);
    if (words === 'program') {
      lines.push(`complete -c afunix -n ${seen} -a '(__fish_complete_command)'`);
    } else if (words === undefined || typeof words === 'object') {
      lines.push(`complete -c afunix -n ${seen} -f -a ${quote(words?.join(' ') ?? '')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
