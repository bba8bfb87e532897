import type { Sys } from '@probed/system';
import type { CommandOf, CompoundCommand, StatementNode } from '../just-bash';
import { testCondition } from './condition';
import { BreakLoop, ContinueLoop, ShellFault } from './control';
import { Pattern } from './pattern';
import type { Shell } from './shell';
import { runSubshell } from './subshell';

type Handler<T extends CompoundCommand['type']> = (shell: Shell, node: CommandOf<T>) => Sys<void>;

/** Runs commands whose status decides something: `set -e` leaves them alone. @returns whether it was 0 */
function* holds(shell: Shell, statements: readonly StatementNode[]): Sys<boolean> {
  shell.tolerant++;
  try {
    yield* shell.run.statements(statements);
  } finally {
    shell.tolerant--;
  }
  return shell.status === 0;
}

/** One turn of a loop. @returns false when the loop is over */
function* turn(shell: Shell, body: readonly StatementNode[]): Sys<boolean> {
  try {
    yield* shell.run.statements(body);
  } catch (error) {
    if (error instanceof BreakLoop) {
      if (--error.levels > 0) throw error;
      return false;
    }
    if (!(error instanceof ContinueLoop)) throw error;
    if (--error.levels > 0) throw error;
  }
  return true;
}

function* inLoop(shell: Shell, body: () => Sys<void>): Sys<void> {
  shell.loops++;
  try {
    yield* body();
  } finally {
    shell.loops--;
  }
}

/** while and until, which differ in what ends them. */
function* conditionLoop(
  shell: Shell,
  node: CommandOf<'While'> | CommandOf<'Until'>,
  until: boolean,
): Sys<void> {
  yield* inLoop(shell, function* () {
    let status = 0;
    for (;;) {
      shell.checkInterrupt();
      let goOn = false;
      const over = yield* turnOf(function* () {
        goOn = (yield* holds(shell, node.condition)) !== until;
      });
      if (over || !goOn) break;
      if (!(yield* turn(shell, node.body))) {
        status = 0;
        break;
      }
      status = shell.status;
    }
    shell.status = status;
  });
}

/** `break` in a condition ends the loop too. */
function* turnOf(body: () => Sys<void>): Sys<boolean> {
  try {
    yield* body();
  } catch (error) {
    if (!(error instanceof BreakLoop)) throw error;
    if (--error.levels > 0) throw error;
    return true;
  }
  return false;
}

function* caseOf(shell: Shell, node: CommandOf<'Case'>): Sys<void> {
  const text = yield* shell.expand.single(node.word);
  shell.status = 0;
  let falling = false;
  for (const item of node.items) {
    let hit = falling;
    for (const pattern of item.patterns) {
      if (hit) break;
      hit = new Pattern(yield* shell.expand.pattern(pattern)).test(text);
    }
    if (!hit) continue;
    yield* shell.run.statements(item.body);
    if (item.terminator === ';;') return;
    falling = item.terminator === ';&';
  }
}

/** Compound commands, by the type of their node. */
export const COMPOUNDS: { readonly [T in CompoundCommand['type']]: Handler<T> } = {
  *If(shell, node) {
    for (const { condition, body } of node.clauses)
      if (yield* holds(shell, condition)) {
        yield* shell.run.statements(body);
        return;
      }
    shell.status = 0;
    if (node.elseBody) yield* shell.run.statements(node.elseBody);
  },
  *For(shell, node) {
    const words = node.words ? yield* shell.expand.words(node.words) : shell.positional;
    shell.status = 0;
    yield* inLoop(shell, function* () {
      for (const word of words) {
        shell.checkInterrupt();
        shell.assign(node.variable, word);
        if (!(yield* turn(shell, node.body))) break;
      }
    });
  },
  *CStyleFor(shell, node) {
    const value = function* (part: CommandOf<'CStyleFor'>['init']): Sys<bigint> {
      return part ? yield* shell.arithmetic.expression(part) : 1n;
    };
    yield* value(node.init);
    shell.status = 0;
    yield* inLoop(shell, function* () {
      while ((yield* value(node.condition)) !== 0n) {
        shell.checkInterrupt();
        if (!(yield* turn(shell, node.body))) break;
        yield* value(node.update);
      }
    });
  },
  While: (shell, node) => conditionLoop(shell, node, false),
  Until: (shell, node) => conditionLoop(shell, node, true),
  Case: caseOf,
  *Subshell(shell, node) {
    const { u, interactive } = shell;
    const pid = yield* u.fork(function* (child) {
      if (interactive) yield* child.setpgid(0, 0);
      return yield* runSubshell(shell, child, (copy) => copy.run.statements(node.body, true));
    });
    if (pid < 0) throw new ShellFault('fork: Resource temporarily unavailable', 254);
    if (interactive) {
      yield* u.setpgid(pid, pid);
      yield* shell.run.giveTerminal(pid);
    }
    shell.status = yield* shell.run.waitFor(pid, interactive);
  },
  Group: (shell, node) => shell.run.statements(node.body),
  *ArithmeticCommand(shell, node) {
    shell.status = (yield* shell.arithmetic.expression(node.expression)) !== 0n ? 0 : 1;
  },
  *ConditionalCommand(shell, node) {
    shell.status = (yield* testCondition(shell, node.expression)) ? 0 : 1;
  },
};
