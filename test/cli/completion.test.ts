// The completions, in the shells that they are for.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { afunix } from '../helpers/command.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const expected = { rel: 'relay', 'listen --ty': '--type', 'send -t seq': 'seqpacket' };

async function script(scratch: Scratch, shell: string): Promise<string> {
  await using child = afunix(['completion', shell]);
  writeFileSync(scratch.path(shell), await child.succeeds());
  return scratch.path(shell);
}

describeWith('bash', programPath('bash'), (bash) => {
  test('completes', async () => {
    using scratch = new Scratch();
    const lines = Object.keys(expected).map(
      (line) => `COMP_WORDS=(afunix ${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _afunix
        echo "\${COMPREPLY[@]}"`,
    );
    const code = ['set -eu', `source ${await script(scratch, 'bash')}`, ...lines].join('\n');
    await using child = new Child(bash, ['-c', code]);
    expect((await child.succeeds()).trim().split('\n')).toEqual(Object.values(expected));
    expect(child.stderr).toBe('');
  });
});

describeWith('fish', programPath('fish'), (fish) => {
  test('completes', async () => {
    using scratch = new Scratch();
    const lines = Object.keys(expected).map((line) => `complete -C 'afunix ${line}'`);
    const code = [`source ${await script(scratch, 'fish')}`, ...lines].join('\n');
    await using child = new Child(fish, ['--no-config', '-c', code], {
      env: { ...process.env, HOME: scratch.folder, XDG_CONFIG_HOME: scratch.folder },
    });
    const found = (await child.succeeds()).trim().split('\n');
    expect(found.map((row) => row.split('\t')[0])).toEqual(Object.values(expected));
  });
});

describeWith('zsh', programPath('zsh'), (zsh) => {
  test('completes', async () => {
    using scratch = new Scratch();
    // A shell of its own in a terminal, to which the line, the Tab key and Ctrl-U are typed.
    const path = await script(scratch, 'zsh');
    const lines = Object.entries(expected).map(
      ([line, word]) => `zpty -w -n shell 'afunix ${line}'$'\\t'
        zpty -r shell answer '*${word}*' && print -- ${word}
        zpty -w -n shell $'\\x15'`,
    );
    const code = `zmodload zsh/zpty; zpty shell ${zsh} -f -i
      zpty -w shell 'PS1=; stty -echo; autoload -U compinit; compinit -u -D; source ${path}; echo rea''dy'
      zpty -r shell answer '*ready*'
      ${lines.join('\n')}
      zpty -d shell`;
    await using child = new Child(zsh, ['-f', '-c', code], {
      env: { ...process.env, TERM: 'dumb' },
    });
    expect((await child.succeeds()).trim().split('\n')).toEqual(Object.values(expected));
  });
});

test('another shell: 2', async () => {
  await using child = afunix(['completion', 'tcsh']);
  expect(await child.ended).toMatchObject({ code: 2, stdout: '' });
  expect(child.stderr).toContain('bash, zsh and fish, not tcsh');
});
