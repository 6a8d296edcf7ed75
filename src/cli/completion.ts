import { type Flag, type Flags, longName, takesValue } from './flag.ts';

/** A command as a shell sees it. */
export interface CompletedCommand {
  readonly name: string;
  readonly about: string;
  readonly flags: Flags;
  /** Words that its argument can be. */
  readonly words?: readonly string[];
}

export const SHELLS: readonly string[] = ['bash', 'zsh', 'fish'];

/**
 * What makes a shell complete our commands, flags and their values. It knows everything beforehand and never runs
 * the command.
 * Undefined for another shell.
 */
export function completionScript(shell: string, commands: readonly CompletedCommand[]): string | undefined {
  if (shell === 'bash') return bash(commands);
  if (shell === 'zsh') return zsh(commands);
  if (shell === 'fish') return fish(commands);
  return undefined;
}

const HELP = '--help';

function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const values = unique(commands.flatMap(flagsOf).filter(takesValue));
  return `# bash completion for oci-modelcar
_oci_modelcar() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  # Bash takes the colon for the end of a word, unless COMP_WORDBREAKS has none.
  if [[ $current = oci:* || $current = : && $previous = oci || $previous = : && \${COMP_WORDS[COMP_CWORD-2]} = oci ]]; then
    local IFS=$'\\n' prefix=
    [[ $current = oci:* ]] && prefix=oci: current=\${current#oci:}
    COMPREPLY=($(compgen -d -P "$prefix" -- "\${current#:}"))
    compopt -o nospace -o filenames 2>/dev/null
    return
  fi
  if [[ $COMP_CWORD -eq 1 ]]; then
    words='${names} ${HELP} --version'
  else
    case $previous in
${values.map((flag) => `      ${longName(flag)}) ${bashValues(flag)}; return ;;`).join('\n')}
    esac
    case \${COMP_WORDS[1]} in
${commands.map((command) => `      ${command.name}) words='${wordsOf(command).join(' ')}' ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _oci_modelcar -o default oci-modelcar
`;
}

function bashValues({ choices, file }: Flag): string {
  if (choices) return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current"))`;
  return file ? 'COMPREPLY=($(compgen -f -- "$current"))' : ':';
}

function zsh(commands: readonly CompletedCommand[]): string {
  return `#compdef oci-modelcar
_oci_modelcar() {
  local -a commands
  commands=(
${commands.map(({ name, about }) => `    ${quoted(`${name}:${about}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(zshCommand).join('\n')}
  esac
}
_oci_modelcar_reference() {
  if compset -P oci:; then _files -/; else _files; fi
}
if [[ $funcstack[1] = _oci_modelcar ]]; then _oci_modelcar "$@"; else compdef _oci_modelcar oci-modelcar; fi
`;
}

function zshCommand(command: CompletedCommand): string {
  const lines = [...flagsOf(command).map(zshFlag), quoted(`(- *)${HELP}[show help]`), zshArgument(command)];
  return `    ${command.name})\n      _arguments -s \\\n${lines.map((line) => `        ${line}`).join(' \\\n')} ;;`;
}

function zshFlag(flag: Flag): string {
  const about = flag.about.replace(/[[\]:]/g, '\\$&');
  const name = `${flag.list ? '*' : ''}${longName(flag)}[${about}]`;
  if (!takesValue(flag)) return quoted(name);
  const values = flag.choices ? `(${flag.choices.join(' ')})` : flag.file ? '_files' : ' ';
  return quoted(`${name}:value:${values}`);
}

function zshArgument({ words }: CompletedCommand): string {
  return words ? quoted(`*:argument:(${words.join(' ')})`) : quoted('*:argument:_oci_modelcar_reference');
}

function fish(commands: readonly CompletedCommand[]): string {
  const first = 'complete -c oci-modelcar -n __fish_use_subcommand';
  return [
    '# fish completion for oci-modelcar',
    ...commands.map(({ name, about }) => `${first} -f -a ${name} -d ${fishQuoted(about)}`),
    `${first} -f -l version -d 'show the version'`,
    ...commands.flatMap(fishCommand),
    "complete -c oci-modelcar -l help -d 'show help'",
    '',
  ].join('\n');
}

function fishCommand(command: CompletedCommand): readonly string[] {
  const start = `complete -c oci-modelcar -n '__fish_seen_subcommand_from ${command.name}'`;
  const flags = flagsOf(command).map((flag) => {
    const name = longName(flag).slice(2);
    return `${start} -l ${name}${fishValues(flag)} -d ${fishQuoted(flag.about)}`;
  });
  return command.words ? [`${start} -f -a '${command.words.join(' ')}'`, ...flags] : flags;
}

function fishValues(flag: Flag): string {
  if (!takesValue(flag)) return '';
  if (flag.choices) return ` -x -a '${flag.choices.join(' ')}'`;
  return flag.file ? ' -r -F' : ' -x';
}

function wordsOf(command: CompletedCommand): readonly string[] {
  return [...(command.words ?? []), ...flagsOf(command).map(longName), HELP];
}

function flagsOf({ flags }: CompletedCommand): readonly Flag[] {
  return Object.values(flags).filter((flag) => !flag.hidden);
}

function unique(flags: readonly Flag[]): readonly Flag[] {
  return [...new Map(flags.map((flag) => [flag.flag, flag])).values()];
}

/** In single quotes, as sh and zsh read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** In single quotes, as fish reads them. */
function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
