import type { Sys, UserContext } from '@probed/system';
import type { ArithmeticNode, Assignment, CommandOf, JustBash, PartOf, ScriptNode } from '../just-bash';
import { currentDirectory, readText } from '../os/io';
import { Arithmetic, exactLiterals } from './arithmetic';
import { Interrupted, ShellFault } from './control';
import { Executor } from './execute';
import { Expander } from './expand';
import { captureOutput, substitutionFile } from './substitute';
import { isName, Variables } from './variables';

/** What an audit of a session wants to know of a shell. */
export interface ShellHooks {
  /** A line was given to a shell: typed, or read from its standard input or -c argument. */
  onLine?(event: { pid: number; execSession: string | undefined; line: string }): void;
  /** A builtin has run: it leaves no process and hence no execve behind. */
  onBuiltin?(event: {
    pid: number;
    execSession: string | undefined;
    argv: readonly string[];
    exit_code: number;
  }): void;
}

/** A process that the shell has started in the background. */
export interface Job {
  readonly number: number;
  readonly pid: number;
  readonly text: string;
  status: number | undefined;
}

const CALL_DEPTH_MAX = 150;
const HISTORY_MAX = 500;
/** What one variable may hold. */
const VALUE_CHARS_MAX = 16 * 1024 * 1024;
const TEXT_DEPTH_MAX = 60;
const BASH_VERSION = '5.2.15(1)-release';
const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * One shell: its state and what its parts share. The whole of it runs as user mode of a task, inside the kernel's
 * loop; a subshell is a copy of it in a forked task.
 */
export class Shell {
  vars = new Variables();
  positional: readonly string[] = [];
  arg0 = 'bash';
  status = 0;
  functions = new Map<string, CommandOf<'FunctionDef'>>();
  aliases = new Map<string, string>();
  /** Letters of `set -e` and the like, and `pipefail`, `noclobber` by name. */
  options = new Set<string>();
  shopt = new Set<string>();
  traps = new Map<string, string>();
  jobs: Job[] = [];
  /** Jobs of the shell that this one was forked from: it sees them, they are no children of its. */
  inheritedJobs: readonly Job[] = [];
  lastBackground = 0;
  directories: string[] = [];
  history: string[] = [];
  interactive = false;
  /** In a loop, so that break and continue mean something. */
  loops = 0;
  line = 1;
  /** Set by the SIGINT handler, taken by the executor. */
  interrupted = false;
  /** A forked copy: it has nobody to give its terminal back to. */
  subshell = false;
  /** What has been read of standard input beyond the line that is being run. */
  pendingInput = '';
  /** Texts being run within texts: eval, source, traps. */
  textDepth = 0;
  /** Ignoring `set -e`: in conditions. */
  tolerant = 0;
  private readonly callNames: string[] = [];
  readonly expand: Expander;
  readonly arithmetic: Arithmetic;
  readonly run: Executor;
  private startNs: number;
  mainPid: number;

  constructor(
    readonly u: UserContext,
    readonly module: JustBash,
    readonly hooks: ShellHooks,
  ) {
    this.expand = new Expander(this);
    this.arithmetic = new Arithmetic(this.arithmeticScope());
    this.run = new Executor(this);
    this.startNs = u.k.nowNs();
    this.mainPid = u.task.thread.own;
  }

  /** The same shell in a forked child. */
  fork(u: UserContext): Shell {
    const copy = new Shell(u, this.module, this.hooks);
    copy.vars = this.vars.copy();
    copy.positional = this.positional;
    copy.arg0 = this.arg0;
    copy.status = this.status;
    copy.functions = new Map(this.functions);
    copy.aliases = new Map(this.aliases);
    copy.options = new Set(this.options);
    copy.shopt = new Set(this.shopt);
    copy.inheritedJobs = [...this.inheritedJobs, ...this.jobs].map((job) => ({ ...job }));
    copy.lastBackground = this.lastBackground;
    copy.directories = [...this.directories];
    copy.history = this.history;
    copy.loops = this.loops;
    copy.line = this.line;
    copy.tolerant = this.tolerant;
    copy.callNames.push(...this.callNames);
    copy.pendingInput = this.pendingInput;
    copy.startNs = this.startNs;
    copy.mainPid = this.mainPid;
    copy.subshell = true;
    return copy;
  }

  /** Variables from the environment, and those that a shell sets itself. */
  *initialize(): Sys<void> {
    for (const entry of this.u.program.envp) {
      const at = entry.indexOf('=');
      if (at <= 0 || !isName(entry.slice(0, at))) continue;
      this.vars.set(entry.slice(0, at), entry.slice(at + 1));
      this.vars.declare(entry.slice(0, at)).exported = true;
    }
    const { ids } = this.u.task.cred;
    const cwd = yield* currentDirectory(this.u);
    const defaults: Record<string, string> = {
      PATH: PATH_DEFAULT,
      HOME: (yield* this.homeOf(null)) || '/',
      HOSTNAME: this.u.task.nsproxy.all.uts.nodename,
      BASH: '/bin/bash',
      BASH_VERSION,
      OSTYPE: 'linux-gnu',
      MACHTYPE: 'x86_64-pc-linux-gnu',
      HOSTTYPE: 'x86_64',
      OPTIND: '1',
      PS4: '+ ',
    };
    for (const [name, value] of Object.entries(defaults))
      if (this.vars.get(name) === undefined) this.vars.set(name, value);
    for (const [name, value] of [
      ['UID', ids.uid],
      ['EUID', ids.euid],
      ['PPID', this.u.task.ppid ? this.u.task.parent.thread.numberIn(this.u.task.nsproxy.all.pid) : 0],
    ] as const)
      this.vars.set(name, String(value));
    this.vars.set('PWD', cwd);
    this.vars.declare('PWD').exported = true;
    const level = Number(this.vars.get('SHLVL') ?? 0);
    this.vars.set('SHLVL', String((Number.isFinite(level) ? level : 0) + 1));
    this.vars.declare('SHLVL').exported = true;
  }

  // ---- parameters

  /** Value of `$name`; undefined when unset. */
  parameter(name: string): string | undefined {
    const special = SPECIAL[name];
    if (special) return special(this);
    if (/^\d+$/.test(name)) return name === '0' ? this.arg0 : this.positional[Number(name) - 1];
    const dynamic = DYNAMIC[name];
    if (dynamic) return dynamic(this);
    return this.vars.get(name);
  }

  /** Assigns a variable or `name[subscript already evaluated]`. */
  assign(target: string, value: string): void {
    const match = /^([A-Za-z_]\w*)\[([\s\S]*)\]$/.exec(target);
    const name = match ? match[1] : target;
    if (!isName(name)) throw new ShellFault(`\`${target}': not a valid identifier`);
    const variable = this.vars.find(name);
    if (variable?.readonly) throw new ShellFault(`${name}: readonly variable`);
    if (value.length > VALUE_CHARS_MAX) throw new ShellFault(`${name}: value is too long`);
    if (match) this.vars.setElement(name, match[2], value);
    else this.vars.set(name, value);
    if (this.options.has('a')) this.vars.declare(name).exported = true;
    if (name === 'RANDOM' || name === 'SECONDS') this.startNs = this.u.k.nowNs() - Number(value) * 1e9;
  }

  /** `NAME=value`, `NAME+=value`, `NAME[i]=value`, `NAME=(…)`. */
  *assignment(node: Assignment): Sys<void> {
    const match = /^([A-Za-z_]\w*)\[([\s\S]*)\]$/.exec(node.name);
    const name = match ? match[1] : node.name;
    if (node.array) {
      yield* this.arrayAssignment(name, node);
      return;
    }
    let value = node.value ? yield* this.expand.single(node.value) : '';
    const key = match ? yield* this.subscript(name, match[2]) : undefined;
    const variable = this.vars.find(name);
    if (variable?.integer) value = String(yield* this.arithmetic.text(value));
    if (node.append) {
      const old = key === undefined ? (this.vars.get(name) ?? '') : (variable?.array?.get(key) ?? '');
      value = variable?.integer ? String(yield* this.arithmetic.text(`${old || 0}+${value}`)) : old + value;
    }
    this.assign(key === undefined ? name : `${name}[${key}]`, value);
  }

  private *arrayAssignment(name: string, node: Assignment): Sys<void> {
    const values: (readonly [string | undefined, string])[] = [];
    for (const word of node.array!) {
      const [first] = word.parts;
      const keyed =
        first?.type === 'Literal' || first?.type === 'Glob' ? yield* this.keyed(name, word) : undefined;
      if (keyed) values.push(keyed);
      else for (const text of yield* this.expand.words([word])) values.push([undefined, text]);
    }
    if (this.vars.find(name)?.readonly) throw new ShellFault(`${name}: readonly variable`);
    const variable = this.vars.array(name, this.vars.find(name)?.associative ?? false);
    if (!node.append) variable.array!.clear();
    let next = node.append ? Math.max(-1, ...[...variable.array!.keys()].map(Number)) + 1 : 0;
    for (const [key, value] of values) {
      const at = key ?? String(next);
      variable.array!.set(at, value);
      if (!variable.associative) next = Number(at) + 1;
    }
  }

  /** `[key]=value` inside an array assignment. */
  private *keyed(
    name: string,
    word: NonNullable<Assignment['array']>[number],
  ): Sys<readonly [string, string] | undefined> {
    const text = yield* this.expand.single(word);
    const match = /^\[([^\]]*)\]=([\s\S]*)$/.exec(text);
    return match ? [yield* this.subscript(name, match[1]), match[2]] : undefined;
  }

  /** Key of an element: text of an associative array, else an arithmetic expression. */
  *subscript(name: string, text: string): Sys<string> {
    if (this.vars.find(name)?.associative)
      return (yield* this.expandText(text)).replace(/^(["'])(.*)\1$/s, '$2');
    const index = Number(yield* this.arithmetic.text(yield* this.expandText(text)));
    if (index >= 0) return String(index);
    const last = Math.max(-1, ...this.vars.elements(name).map(([key]) => Number(key)));
    return String(last + 1 + index);
  }

  /** Expands `$`, backquotes and arithmetic in a text, as in a here document. */
  *expandText(text: string): Sys<string> {
    if (!/[$`\\]/.test(text)) return text;
    const quoted = text.replace(/(["])/g, '\\$1');
    const [statement] = this.parse(`: "${quoted}"`).statements;
    const [command] = statement.pipelines[0].commands;
    return command.type === 'SimpleCommand' && command.args[0]
      ? yield* this.expand.single(command.args[0])
      : text;
  }

  // ---- pieces

  /** @throws ShellFault with the parser's message, status 2 */
  parse(text: string): ScriptNode {
    try {
      return this.module.parse(text);
    } catch (error) {
      throw new ShellFault(syntaxMessage(error), 2);
    }
  }

  /** A function as text that a shell reads back. */
  sourceOf(node: CommandOf<'FunctionDef'>): string {
    const pipeline = { type: 'Pipeline' as const, commands: [node], negated: false };
    const statement = { type: 'Statement' as const, pipelines: [pipeline], operators: [], background: false };
    return this.module.serialize({ type: 'Script', statements: [statement] });
  }

  /** `$(...)`: output of a subshell less its trailing newlines. */
  *substitute(body: ScriptNode): Sys<string> {
    return yield* captureOutput(this, body);
  }

  *processSubstitution(part: PartOf<'ProcessSubstitution'>): Sys<string> {
    return yield* substitutionFile(this, part);
  }

  *homeOf(user: string | null): Sys<string> {
    if (user === '+') return this.vars.get('PWD') ?? '/';
    if (user === '-') return this.vars.get('OLDPWD') ?? '~-';
    if (user === null || user === '') {
      const home = this.vars.get('HOME');
      if (home !== undefined) return home;
    }
    const passwd = (yield* readText(this.u, '/etc/passwd')) ?? '';
    const { uid } = this.u.task.cred.ids;
    for (const row of passwd.split('\n')) {
      const fields = row.split(':');
      if (user ? fields[0] === user : Number(fields[2]) === uid && fields.length > 5) return fields[5];
    }
    return user ? `~${user}` : '/';
  }

  get functionName(): string | undefined {
    return this.callNames[this.callNames.length - 1];
  }

  enterFunction(name: string): void {
    if (this.callNames.length >= CALL_DEPTH_MAX)
      throw new ShellFault(`${name}: maximum function nesting level exceeded (${CALL_DEPTH_MAX})`);
    this.callNames.push(name);
    this.vars.pushScope();
  }

  leaveFunction(): void {
    this.callNames.pop();
    this.vars.popScope();
  }

  /** The start of this shell's messages: `bash: ` at a terminal, `NAME: line N: ` in a script. */
  get messagePrefix(): string {
    const name = this.arg0.slice(this.arg0.lastIndexOf('/') + 1) || 'bash';
    if (this.interactive) return `${name.replace(/^-/, '')}: `;
    return `${this.arg0}: line ${this.line}: `;
  }

  enterText(): void {
    if (this.textDepth >= TEXT_DEPTH_MAX) throw new ShellFault('maximum eval nesting level exceeded');
    this.textDepth++;
  }

  remember(line: string): void {
    if (this.history[this.history.length - 1] !== line) this.history.push(line);
    if (this.history.length > HISTORY_MAX) this.history.shift();
  }

  /** `PIPESTATUS`: how each stage of the last pipeline ended. */
  setPipeStatus(statuses: readonly number[]): void {
    const { array } = this.vars.array('PIPESTATUS', false);
    array!.clear();
    statuses.forEach((status, i) => {
      array!.set(String(i), String(status));
    });
  }

  /** Called between commands: where ^C takes effect. */
  checkInterrupt(): void {
    if (!this.interrupted) return;
    this.interrupted = false;
    throw new Interrupted();
  }

  get elapsedSeconds(): number {
    return Math.floor((this.u.k.nowNs() - this.startNs) / 1e9);
  }

  get execSession(): string | undefined {
    return this.u.task.execSession;
  }

  private arithmeticScope() {
    const scope = {
      read: (name: string, subscript?: string) =>
        (subscript === undefined ? this.parameter(name) : this.vars.find(name)?.array?.get(subscript)) ?? '',
      write: (name: string, subscript: string | undefined, value: string) =>
        this.assign(subscript === undefined ? name : `${name}[${subscript}]`, value),
      special: (name: string) => this.parameter(name) ?? '',
      parse: (text: string): ArithmeticNode => {
        // Not `((...))`: there the parser takes `<<` for a here document.
        const [command] =
          this.parse(`: $((${exactLiterals(text)}))`).statements[0]?.pipelines[0]?.commands ?? [];
        const part = command?.type === 'SimpleCommand' ? command.args[0]?.parts[0] : undefined;
        if (part?.type !== 'ArithmeticExpansion')
          throw new ShellFault(`${text}: syntax error: invalid arithmetic operator`);
        return part.expression.expression;
      },
      substitute: (command: string) => this.substitute(this.parse(command)),
      expand: (text: string) => this.expandText(text),
      isAssociative: (name: string) => this.vars.find(name)?.associative === true,
    };
    return scope;
  }
}

/** What bash says of a text that is no command: the parser's message without its positions. */
function syntaxMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const bare = text.replace(/^(Parse error at \d+:\d+: |line \d+: )/, '');
  if (/^(syntax error|unexpected EOF)/.test(bare)) return bare;
  const got = /got (\S+)/.exec(bare)?.[1];
  return got && got !== 'EOF'
    ? `syntax error near unexpected token \`${got.toLowerCase()}'`
    : 'syntax error: unexpected end of file';
}

const SPECIAL: Readonly<Record<string, (shell: Shell) => string | undefined>> = {
  '?': (shell) => String(shell.status),
  $: (shell) => String(shell.mainPid),
  '!': (shell) => (shell.lastBackground ? String(shell.lastBackground) : undefined),
  '#': (shell) => String(shell.positional.length),
  '-': (shell) =>
    `${[...shell.options].filter((name) => name.length === 1).join('')}hB${shell.interactive ? 'i' : ''}`,
  '*': (shell) => shell.positional.join(' '),
  '@': (shell) => shell.positional.join(' '),
};

const DYNAMIC: Readonly<Record<string, (shell: Shell) => string | undefined>> = {
  RANDOM: (shell) => String(shell.u.k.aslr.below(32_768)),
  SRANDOM: (shell) => String(shell.u.k.aslr.u32()),
  SECONDS: (shell) => String(shell.elapsedSeconds),
  LINENO: (shell) => String(shell.line),
  BASHPID: (shell) => String(shell.u.task.thread.own),
  EPOCHSECONDS: (shell) => String(shell.u.k.realtimeNs() / 1_000_000_000n),
  FUNCNAME: (shell) => shell.functionName,
};
