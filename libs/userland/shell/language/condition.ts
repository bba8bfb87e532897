import type { Sys } from '@probed/system';
import { compareFiles, compareIntegers, fileTest } from '../builtins/file-tests';
import type { Condition, ConditionOf } from '../just-bash';
import { ShellFault } from './control';
import { Pattern } from './pattern';
import { assertCheap } from './regex';
import type { Shell } from './shell';

type Tester<T extends Condition['type']> = (shell: Shell, node: ConditionOf<T>) => Sys<boolean>;

/** `[[ expression ]]` */
export function* testCondition(shell: Shell, node: Condition): Sys<boolean> {
  const tester = TESTERS[node.type] as Tester<Condition['type']>;
  return yield* tester(shell, node as never);
}

function* matchRegex(shell: Shell, node: ConditionOf<'CondBinary'>, text: string): Sys<boolean> {
  const source = yield* shell.expand.regex(node.right);
  assertCheap(source);
  let match: RegExpExecArray | null;
  try {
    match = new RegExp(
      source.replace(/\[\[:(\w+):\]\]/g, (_all, name) => POSIX[name] ?? ''),
      's',
    ).exec(text);
  } catch {
    throw new ShellFault(`invalid regular expression: ${source}`, 2);
  }
  const { array } = shell.vars.array('BASH_REMATCH', false);
  array!.clear();
  match?.forEach((part, i) => {
    array!.set(String(i), part ?? '');
  });
  return match !== null;
}

const POSIX: Readonly<Record<string, string>> = {
  digit: '[0-9]',
  alpha: '[a-zA-Z]',
  alnum: '[a-zA-Z0-9]',
  space: '\\s',
  upper: '[A-Z]',
  lower: '[a-z]',
  xdigit: '[0-9a-fA-F]',
};

function* binary(shell: Shell, node: ConditionOf<'CondBinary'>): Sys<boolean> {
  const left = yield* shell.expand.single(node.left);
  const { operator } = node;
  if (operator === '=~') return yield* matchRegex(shell, node, left);
  if (operator === '=' || operator === '==' || operator === '!=') {
    const ignoreCase = shell.shopt.has('nocasematch');
    const same = new Pattern(yield* shell.expand.pattern(node.right), ignoreCase).test(left);
    return operator === '!=' ? !same : same;
  }
  const right = yield* shell.expand.single(node.right);
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  if (operator === '-nt' || operator === '-ot' || operator === '-ef')
    return yield* compareFiles(shell.u, left, operator, right);
  return compareIntegers(yield* shell.arithmetic.text(left), operator, yield* shell.arithmetic.text(right));
}

const TESTERS: { readonly [T in Condition['type']]: Tester<T> } = {
  CondBinary: binary,
  *CondUnary(shell, node) {
    return yield* fileTest(shell, node.operator, yield* shell.expand.single(node.operand));
  },
  *CondNot(shell, node) {
    return !(yield* testCondition(shell, node.operand));
  },
  *CondAnd(shell, node) {
    return (yield* testCondition(shell, node.left)) && (yield* testCondition(shell, node.right));
  },
  *CondOr(shell, node) {
    return (yield* testCondition(shell, node.left)) || (yield* testCondition(shell, node.right));
  },
  *CondGroup(shell, node) {
    return yield* testCondition(shell, node.expression);
  },
  *CondWord(shell, node) {
    return (yield* shell.expand.single(node.word)) !== '';
  },
};
