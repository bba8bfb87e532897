import type { Sys } from '@probed/system';
import { BUILTINS } from '../builtins';
import type {
  Command,
  CommandOf,
  CompoundCommand,
  PipelineNode,
  SimpleCommandNode,
  StatementNode,
} from '../just-bash';
import { writeAll } from '../os/io';
import { COMPOUNDS } from './compound';
import { ExitShell, ReturnFrom, ShellFault } from './control';
import { findCommand, launchExternal, replaceByExternal } from './external';
import { shellQuote } from './parameter-ops';
import { runPipeline } from './pipeline';
import { applyRedirections, expandRedirections, restoreDescriptors, saveDescriptors } from './redirect';
import type { Shell } from './shell';
import { runSubshell } from './subshell';
import { setForeground, waitForProcess } from './wait';

/** What parsing and dispatching a command costs, ns. */
const COMMAND_NS = 9_000;
const BUILTIN_NS = 1_500;
/** Assignments before these stay, and errors in them end a script (POSIX). */
const SPECIAL_BUILTINS = new Set([
  ':',
  '.',
  'break',
  'continue',
  'eval',
  'exec',
  'exit',
  'export',
  'readonly',
]);
const ALIAS_DEPTH_MAX = 16;
/** Commands inside commands, functions included: each takes some of the host's stack. */
const DEPTH_MAX = 240;
const EINTR_STATUS = 130;
const FRAMES = ['reader_loop', 'execute_command', 'execute_command_internal', 'execute_simple_command'];

/** Virtual time, CPU time in user mode with that of children waited for, and in kernel mode; ns. */
type CpuTimes = readonly [number, number, number];

function cpuTimes({ u }: Shell): CpuTimes {
  const { utimeNs, stimeNs, signal } = u.task;
  return [u.k.nowNs(), utimeNs + signal.cutimeNs, stimeNs];
}

/** Runs commands: lists, pipelines, compound commands, functions, builtins, programs. */
export class Executor {
  /** Commands that are running inside each other. */
  private depth = 0;

  constructor(private readonly shell: Shell) {}

  /** Parses and runs a text as part of the current shell. */
  *text(text: string): Sys<void> {
    const { shell } = this;
    shell.enterText();
    try {
      yield* this.statements(shell.parse(text).statements);
    } finally {
      shell.textDepth--;
    }
  }

  /** @param last the process ends after these, so that its last command may take its place */
  *statements(list: readonly StatementNode[], last = false): Sys<void> {
    for (const [i, statement] of list.entries())
      yield* this.statement(statement, last && i === list.length - 1);
  }

  *statement(node: StatementNode, last = false): Sys<void> {
    const { shell } = this;
    if (node.deferredError) throw new ShellFault(node.deferredError.message, 2);
    if (node.background) {
      yield* this.background(node);
      return;
    }
    const { pipelines, operators } = node;
    for (const [i, pipeline] of pipelines.entries()) {
      const operator = i > 0 ? operators[i - 1] : ';';
      if (operator === '&&' && shell.status !== 0) continue;
      if (operator === '||' && shell.status === 0) continue;
      const tested = i < pipelines.length - 1 || pipeline.negated;
      if (tested) shell.tolerant++;
      try {
        yield* this.pipeline(pipeline, last && pipelines.length === 1);
      } finally {
        if (tested) shell.tolerant--;
      }
      if (!tested) this.exitOnError();
    }
  }

  /** `set -e` */
  private exitOnError(): void {
    const { shell } = this;
    if (shell.status !== 0 && shell.options.has('e') && shell.tolerant === 0)
      throw new ExitShell(shell.status);
  }

  *pipeline(node: PipelineNode, last = false): Sys<void> {
    const { shell } = this;
    const start = node.timed ? cpuTimes(shell) : undefined;
    if (node.commands.length === 1) {
      yield* this.command(node.commands[0], last && !node.negated && !node.timed);
      shell.setPipeStatus([shell.status]);
    } else yield* runPipeline(shell, node);
    if (node.negated) shell.status = shell.status === 0 ? 1 : 0;
    if (start) yield* this.printTimes(start, node.timePosix === true);
    shell.checkInterrupt();
  }

  private *printTimes(start: CpuTimes, posix: boolean): Sys<void> {
    const end = cpuTimes(this.shell);
    const [real, user, system] = end.map((ns, i) => (ns - start[i]) / 1e9);
    const row = (name: string, seconds: number) =>
      posix
        ? `${name} ${seconds.toFixed(2)}\n`
        : `${name}\t${Math.floor(seconds / 60)}m${(seconds % 60).toFixed(3)}s\n`;
    yield* this.error(`${posix ? '' : '\n'}${row('real', real)}${row('user', user)}${row('sys', system)}`);
  }

  /** `command &` */
  private *background(node: StatementNode): Sys<void> {
    const { shell } = this;
    const { u, interactive } = shell;
    const foreground = { ...node, background: false };
    const pid = yield* u.fork(function* (child) {
      if (interactive) yield* child.setpgid(0, 0);
      return yield* runSubshell(shell, child, (copy) => copy.run.statement(foreground, true));
    });
    if (pid < 0) throw new ShellFault('fork: Resource temporarily unavailable', 254);
    if (interactive) yield* u.setpgid(pid, pid);
    shell.lastBackground = pid;
    const number = Math.max(0, ...shell.jobs.map((job) => job.number)) + 1;
    shell.jobs.push({ number, pid, text: (node.sourceText ?? '').replace(/\s*&$/, ''), status: undefined });
    if (interactive) yield* this.error(`[${number}] ${pid}\n`);
    shell.status = 0;
  }

  /** One command. @param last it may take the place of this process */
  *command(node: Command, last = false): Sys<void> {
    const { shell } = this;
    shell.checkInterrupt();
    if (node.type === 'FunctionDef') {
      shell.functions.set(node.name, node);
      shell.status = 0;
      return;
    }
    if (this.depth >= DEPTH_MAX) throw new ShellFault('maximum nesting level exceeded');
    this.depth++;
    try {
      if (node.type === 'SimpleCommand') yield* this.simple(node, last);
      else yield* this.compound(node);
    } finally {
      this.depth--;
    }
  }

  *compound(node: CompoundCommand): Sys<void> {
    const { shell } = this;
    yield* shell.u.cpu(BUILTIN_NS, FRAMES.slice(0, 3));
    yield* this.redirected(node.redirections, () => {
      const handler = COMPOUNDS[node.type] as (shell: Shell, node: CompoundCommand) => Sys<void>;
      return handler(shell, node);
    });
  }

  /** Runs something with redirections in force in this very process. */
  private *redirected(
    list: SimpleCommandNode['redirections'],
    body: () => Sys<void>,
    keep = false,
  ): Sys<void> {
    const { u } = this.shell;
    if (list.length === 0) {
      yield* body();
      return;
    }
    const actions = yield* expandRedirections(this.shell, list);
    const saved = keep ? [] : yield* saveDescriptors(u, actions);
    const problem = yield* applyRedirections(u, actions);
    if (problem) {
      yield* restoreDescriptors(u, saved);
      yield* this.complain(problem);
      this.shell.status = 1;
      return;
    }
    try {
      yield* body();
    } finally {
      yield* restoreDescriptors(u, saved);
    }
  }

  // ---- simple commands

  private *simple(node: SimpleCommandNode, last: boolean): Sys<void> {
    const { shell } = this;
    if (node.line) shell.line = node.line;
    const words = yield* this.expandCommand(node);
    if (words.length === 0) {
      yield* this.assignOnly(node);
      return;
    }
    const [name] = words;
    yield* shell.u.cpu(COMMAND_NS + 220 * words.join(' ').length, FRAMES);
    if (shell.options.has('x')) yield* this.trace(words);
    const defined = name.includes('/') ? undefined : shell.functions.get(name);
    const builtin = BUILTINS[name];
    if (defined && !SPECIAL_BUILTINS.has(name)) yield* this.function(node, words, defined);
    else if (builtin && Object.hasOwn(BUILTINS, name)) yield* this.builtin(node, words);
    else yield* this.external(node, words, last);
    shell.vars.set('_', words[words.length - 1]);
  }

  private *expandCommand(node: SimpleCommandNode): Sys<string[]> {
    if (!node.name) return [];
    const prefix = this.aliasWords(node);
    if (prefix === undefined) return yield* this.shell.expand.words([node.name, ...node.args]);
    const [first] = this.shell.parse(prefix).statements;
    const command = first?.pipelines[0].commands[0];
    if (command?.type !== 'SimpleCommand' || !command.name)
      return yield* this.shell.expand.words([node.name, ...node.args]);
    return yield* this.shell.expand.words([command.name, ...command.args, ...node.args]);
  }

  /** What an alias stands for, when the command's name is one. */
  private aliasWords({ name }: SimpleCommandNode): string | undefined {
    const { shell } = this;
    const [part] = name!.parts;
    if (shell.aliases.size === 0 || name!.parts.length !== 1 || part.type !== 'Literal') return undefined;
    let text = shell.aliases.get(part.value);
    const seen = new Set([part.value]);
    for (let i = 0; text !== undefined && i < ALIAS_DEPTH_MAX; i++) {
      const [word] = text.split(/\s/, 1);
      const inner = seen.has(word) ? undefined : shell.aliases.get(word);
      if (inner === undefined) break;
      seen.add(word);
      text = inner + text.slice(word.length);
    }
    return text;
  }

  /** Assignments without a command stay in the shell. */
  private *assignOnly(node: SimpleCommandNode): Sys<void> {
    const { shell } = this;
    shell.status = 0;
    yield* this.redirected(node.redirections, function* () {
      for (const assignment of node.assignments) yield* shell.assignment(assignment);
    });
    if (shell.options.has('x'))
      for (const { name } of node.assignments) yield* this.trace([`${name}=${shell.vars.get(name) ?? ''}`]);
  }

  private *trace(words: readonly string[]): Sys<void> {
    const { shell } = this;
    yield* this.error(`${shell.vars.get('PS4') ?? '+ '}${words.map((word) => shellQuote(word)).join(' ')}\n`);
  }

  /** Assignments before a command hold while it runs. */
  private *withAssignments(node: SimpleCommandNode, keep: boolean, body: () => Sys<void>): Sys<void> {
    const { shell } = this;
    if (node.assignments.length === 0) {
      yield* body();
      return;
    }
    const before = node.assignments.map(({ name }) => [name, shell.vars.find(name)] as const);
    const saved = before.map(([name, variable]) => [name, variable && { ...variable }] as const);
    for (const assignment of node.assignments) {
      yield* shell.assignment(assignment);
      shell.vars.declare(assignment.name).exported = true;
    }
    try {
      yield* body();
    } finally {
      if (!keep)
        for (const [name, variable] of saved) {
          shell.vars.unset(name);
          if (variable) Object.assign(shell.vars.declare(name), variable);
        }
    }
  }

  private *function(
    node: SimpleCommandNode,
    words: readonly string[],
    defined: CommandOf<'FunctionDef'>,
  ): Sys<void> {
    const { shell } = this;
    yield* this.redirected([...node.redirections, ...defined.redirections], () =>
      this.withAssignments(node, false, () => this.call(words, defined)),
    );
    shell.checkInterrupt();
  }

  private *call(words: readonly string[], { name, body }: CommandOf<'FunctionDef'>): Sys<void> {
    const { shell } = this;
    const { positional, loops } = shell;
    shell.enterFunction(name);
    shell.positional = words.slice(1);
    shell.loops = 0;
    try {
      yield* this.compound(body);
    } catch (error) {
      if (!(error instanceof ReturnFrom)) throw error;
      shell.status = error.status;
    } finally {
      shell.leaveFunction();
      shell.positional = positional;
      shell.loops = loops;
    }
  }

  /** A builtin runs in the shell's own task: no process, no execve. */
  private *builtin(node: SimpleCommandNode, words: readonly string[]): Sys<void> {
    const { shell } = this;
    const [name] = words;
    const keepRedirections = name === 'exec' && words.length === 1;
    const body = () => this.withAssignments(node, SPECIAL_BUILTINS.has(name), () => this.runBuiltin(words));
    yield* this.redirected(node.redirections, body, keepRedirections);
    shell.checkInterrupt();
  }

  *runBuiltin(words: readonly string[]): Sys<void> {
    const { shell } = this;
    let finished = false;
    try {
      yield* shell.u.cpu(BUILTIN_NS, [...FRAMES]);
      const result = BUILTINS[words[0]]!(shell, words);
      shell.status = typeof result === 'number' ? result : yield* result;
      finished = true;
    } catch (error) {
      if (!(error instanceof ShellFault)) {
        this.audit(words, shell.status);
        throw error;
      }
      yield* this.complain(`${words[0]}: ${error.message}`);
      shell.status = error.status;
      finished = true;
    } finally {
      if (finished) this.audit(words, shell.status);
    }
  }

  private audit(argv: readonly string[], status: number): void {
    const { shell } = this;
    shell.hooks.onBuiltin?.({
      pid: shell.u.task.pid,
      execSession: shell.execSession,
      argv,
      exit_code: status,
    });
  }

  /** A program: found along PATH, run in a forked child, waited for. */
  private *external(node: SimpleCommandNode, words: readonly string[], last: boolean): Sys<void> {
    const { shell } = this;
    const actions = yield* expandRedirections(shell, node.redirections);
    const extra = new Map<string, string>();
    for (const assignment of node.assignments)
      extra.set(assignment.name, assignment.value ? yield* shell.expand.single(assignment.value) : '');
    const path = yield* findCommand(shell, words[0]);
    const plan = { words, path, actions, env: shell.vars.environment(extra) };
    if (last) shell.status = yield* replaceByExternal(shell, plan);
    else shell.status = yield* this.waitFor(yield* launchExternal(shell, plan), shell.interactive);
  }

  /** Waits for one child. A child that ^C has ended ends the line too. @returns its exit status */
  *waitFor(pid: number, foreground = false): Sys {
    const { shell } = this;
    const status = yield* waitForProcess(shell, pid);
    if (foreground) yield* shell.run.takeTerminal();
    if (status === EINTR_STATUS && shell.interactive && foreground) shell.interrupted = true;
    return status;
  }

  /** Makes this shell's process group the terminal's foreground one again. */
  *takeTerminal(): Sys<void> {
    yield* setForeground(this.shell, this.shell.u.task.signal.pgrp);
  }

  *giveTerminal(group: number): Sys<void> {
    yield* setForeground(this.shell, group);
  }

  builtinNames(): readonly string[] {
    return Object.keys(BUILTINS);
  }

  // ---- messages

  *error(text: string): Sys<void> {
    yield* writeAll(this.shell.u, 2, text);
  }

  *complain(text: string): Sys<void> {
    yield* this.error(`${this.shell.messagePrefix}${text}\n`);
  }
}
