import type { Sys } from '@probed/system';
import type { OperationOf, ParameterOperation, PartOf, WordNode, WordPart } from '../just-bash';
import { braceWords } from './brace';
import { ShellFault } from './control';
import { type Chunk, FieldBuilder, fieldPattern, fieldText, splitField } from './fields';
import { glob } from './glob';
import { changeCase, removePattern, replacePattern, transform } from './parameter-ops';
import { hasPattern, unescapePattern } from './pattern';
import type { Shell } from './shell';

/** What a parameter is before any operation. */
interface Parameter {
  readonly set: boolean;
  readonly text: string;
  /** `$@`, `$*`, `${a[@]}`, `${a[*]}`: all of them. */
  readonly list?: readonly string[];
  /** Joined into one when quoted. */
  readonly star?: boolean;
}

const SUBSCRIPTED = /^([A-Za-z_]\w*)\[([\s\S]*)\]$/;

/** Expansion of words (bash(1), EXPANSION): braces, tilde, parameters, commands, arithmetic, splitting, file names. */
export class Expander {
  constructor(readonly shell: Shell) {}

  /** Full expansion of a list of words. */
  *words(words: readonly WordNode[]): Sys<string[]> {
    const out: string[] = [];
    for (const word of words)
      for (const parts of braceWords(word.parts)) out.push(...(yield* this.toFields(parts)));
    return out;
  }

  private *toFields(parts: readonly WordPart[]): Sys<string[]> {
    const builder = new FieldBuilder();
    yield* this.parts(parts, false, builder);
    const ifs = this.shell.vars.get('IFS') ?? ' \t\n';
    const out: string[] = [];
    for (const field of builder.fields)
      for (const part of splitField(field, ifs)) out.push(...(yield* this.fileNames(part)));
    return out;
  }

  private *fileNames(field: readonly Chunk[]): Sys<string[]> {
    const active = field.some((chunk) => chunk.kind !== 'literal' && hasPattern(chunk.text));
    if (!active || this.shell.options.has('f')) return [fieldText(field)];
    const found = yield* glob(this.shell.u, fieldPattern(field));
    if (found.length > 0) return found;
    return this.shell.shopt.has('nullglob') ? [] : [unescapeText(field)];
  }

  /** Without splitting and file names: values of assignments, targets of redirections. */
  *single(word: WordNode): Sys<string> {
    const builder = new FieldBuilder();
    yield* this.parts(word.parts, false, builder);
    return builder.fields.map(fieldText).join(' ');
  }

  *pattern(word: WordNode): Sys<string> {
    const builder = new FieldBuilder();
    yield* this.parts(word.parts, false, builder);
    return builder.fields.map(fieldPattern).join(' ');
  }

  /** The right side of `=~`: quoted parts stand for themselves. */
  *regex(word: WordNode): Sys<string> {
    const builder = new FieldBuilder();
    let out = '';
    for (const part of word.parts) {
      const before = builder.fields.length;
      yield* this.parts([part], false, builder);
      const text = builder.fields.slice(before).map(fieldText).join(' ');
      builder.break();
      const quoted = part.type === 'SingleQuoted' || part.type === 'DoubleQuoted';
      out += quoted
        ? text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
        : part.type === 'Escaped'
          ? `\\${text}`
          : text;
    }
    return out;
  }

  private *parts(parts: readonly WordPart[], quoted: boolean, out: FieldBuilder): Sys<void> {
    for (const part of parts) {
      const handler = PARTS[part.type] as PartHandler<WordPart['type']>;
      const result = handler(this, part as never, quoted, out);
      if (result) yield* result;
    }
  }

  /** Contents of a double-quoted part; a lone "$@" of nothing makes no field at all. */
  *doubleQuoted(parts: readonly WordPart[], out: FieldBuilder): Sys<void> {
    const before = out.fields.length;
    const onlyList = parts.length === 1 && isList(parts[0]);
    if (!onlyList) out.add('', 'literal');
    yield* this.parts(parts, true, out);
    if (onlyList && out.fields.length === before && isStar(parts[0])) out.add('', 'literal');
  }

  *command(part: PartOf<'CommandSubstitution'>, quoted: boolean, out: FieldBuilder): Sys<void> {
    const text = yield* this.shell.substitute(part.body);
    out.add(text, quoted ? 'literal' : 'split');
  }

  *arithmetic(part: PartOf<'ArithmeticExpansion'>, quoted: boolean, out: FieldBuilder): Sys<void> {
    const value = yield* this.shell.arithmetic.expression(part.expression);
    out.add(String(value), quoted ? 'literal' : 'split');
  }

  *parameter(part: PartOf<'ParameterExpansion'>, quoted: boolean, out: FieldBuilder): Sys<void> {
    const { operation } = part;
    const found = yield* this.lookup(part.parameter);
    const word = yield* this.conditional(part.parameter, operation, found);
    if (word) {
      yield* this.parts(word.parts, quoted, out);
      return;
    }
    const kept = CONDITIONALS.has(operation?.type ?? '') && operation?.type === 'UseAlternative';
    if (kept) return;
    const value =
      operation && !CONDITIONALS.has(operation.type)
        ? yield* this.operate(part.parameter, operation, found)
        : found;
    if (!value.set && this.shell.options.has('u') && !CONDITIONALS.has(operation?.type ?? '') && !value.list)
      throw new ShellFault(`${part.parameter}: unbound variable`, 127);
    this.emit(value, quoted, out);
  }

  private emit(value: Parameter, quoted: boolean, out: FieldBuilder): void {
    const { list } = value;
    if (!list) out.add(value.text, quoted ? 'literal' : 'split');
    else if (quoted && value.star) {
      const ifs = this.shell.vars.get('IFS');
      out.add(list.join(ifs === undefined ? ' ' : (ifs[0] ?? '')), 'literal');
    } else
      list.forEach((text, i) => {
        if (i > 0) out.break();
        out.add(text, quoted ? 'literal' : 'split');
      });
  }

  /** `${x:-word}` and its like: the word that takes the place of the value, if it does. */
  private *conditional(
    name: string,
    operation: ParameterOperation | null,
    found: Parameter,
  ): Sys<WordNode | undefined> {
    if (!operation || !CONDITIONALS.has(operation.type)) return undefined;
    const op = operation as OperationOf<'DefaultValue' | 'AssignDefault' | 'ErrorIfUnset' | 'UseAlternative'>;
    const empty = found.list ? found.list.length === 0 : found.text === '';
    const missing = !found.set || (op.checkEmpty && empty);
    if (op.type === 'UseAlternative') return missing ? undefined : op.word;
    if (!missing) return undefined;
    if (op.type === 'DefaultValue') return op.word;
    const text = op.word ? yield* this.single(op.word) : '';
    if (op.type === 'ErrorIfUnset')
      throw new ShellFault(
        `${name}: ${text || (op.checkEmpty ? 'parameter null or not set' : 'parameter not set')}`,
        127,
      );
    this.shell.assign(name, text);
    return op.word;
  }

  *lookup(parameter: string): Sys<Parameter> {
    const { shell } = this;
    if (parameter === '@' || parameter === '*')
      return { set: shell.positional.length > 0, text: '', list: shell.positional, star: parameter === '*' };
    const match = SUBSCRIPTED.exec(parameter);
    if (match) return yield* this.element(match[1], match[2]);
    const text = shell.parameter(parameter);
    return { set: text !== undefined, text: text ?? '' };
  }

  private *element(name: string, subscript: string): Sys<Parameter> {
    const { vars } = this.shell;
    if (subscript === '@' || subscript === '*') {
      const list = vars.elements(name).map(([, value]) => value);
      return { set: list.length > 0, text: '', list, star: subscript === '*' };
    }
    const key = yield* this.shell.subscript(name, subscript);
    const variable = vars.find(name);
    const text = variable?.array ? variable.array.get(key) : key === '0' ? variable?.value : undefined;
    return { set: text !== undefined, text: text ?? '' };
  }

  private *operate(name: string, operation: ParameterOperation, value: Parameter): Sys<Parameter> {
    const handler = OPERATIONS[operation.type] as OperationHandler<ParameterOperation['type']> | undefined;
    if (!handler) throw new ShellFault(`\${${name}}: bad substitution`);
    const result = handler(this, operation as never, value, name);
    return 'text' in result ? result : yield* result;
  }

  /** `${!ref}` */
  *indirect(name: string, operation: OperationOf<'Indirection'>, value: Parameter): Sys<Parameter> {
    const target = value.text;
    if (!/^([A-Za-z_]\w*(\[.*\])?|\d+|[@*#?!$-])$/.test(target))
      throw new ShellFault(`${name}: invalid indirect expansion`);
    const found = yield* this.lookup(target);
    if (!operation.innerOp) return found;
    const word = yield* this.conditional(target, operation.innerOp, found);
    if (word) return { set: true, text: yield* this.single(word) };
    return CONDITIONALS.has(operation.innerOp.type)
      ? found
      : yield* this.operate(target, operation.innerOp, found);
  }

  *slice(operation: OperationOf<'Substring'>, value: Parameter, name: string): Sys<Parameter> {
    const { arithmetic } = this.shell;
    let from = Number(yield* arithmetic.expression(operation.offset));
    const count = operation.length ? Number(yield* arithmetic.expression(operation.length)) : undefined;
    // Positions of $@ count from $0.
    const all = name === '@' || name === '*' ? [this.shell.arg0, ...(value.list ?? [])] : value.list;
    const source: readonly string[] = all ?? [...value.text];
    if (from < 0) from += source.length;
    if (from < 0) return { set: true, text: '', list: all && [] };
    const to = count === undefined ? undefined : count < 0 ? source.length + count : from + count;
    if (to !== undefined && to < from) throw new ShellFault(`${count}: substring expression < 0`);
    const cut = source.slice(from, to);
    return all ? { ...value, list: cut } : { set: value.set, text: cut.join('') };
  }
}

function unescapeText(field: readonly Chunk[]): string {
  return field.map((chunk) => (chunk.kind === 'glob' ? unescapePattern(chunk.text) : chunk.text)).join('');
}

function isList(part: WordPart): boolean {
  return part.type === 'ParameterExpansion' && /^[@*]$|\[[@*]\]$/.test(part.parameter);
}

function isStar(part: WordPart): boolean {
  return part.type === 'ParameterExpansion' && part.parameter.replace(']', '').endsWith('*');
}

const CONDITIONALS = new Set(['DefaultValue', 'AssignDefault', 'ErrorIfUnset', 'UseAlternative']);

type PartHandler<T extends WordPart['type']> = (
  e: Expander,
  part: PartOf<T>,
  quoted: boolean,
  out: FieldBuilder,
) => void | Sys<void>;

const PARTS: { readonly [T in WordPart['type']]: PartHandler<T> } = {
  Literal(_e, part, _quoted, out) {
    out.add(part.value, 'literal');
  },
  SingleQuoted(_e, part, _quoted, out) {
    out.add(part.value, 'literal');
  },
  Escaped(_e, part, _quoted, out) {
    out.add(part.value, 'literal');
  },
  DoubleQuoted: (e, part, _quoted, out) => e.doubleQuoted(part.parts, out),
  ParameterExpansion: (e, part, quoted, out) => e.parameter(part, quoted, out),
  CommandSubstitution: (e, part, quoted, out) => e.command(part, quoted, out),
  ArithmeticExpansion: (e, part, quoted, out) => e.arithmetic(part, quoted, out),
  *ProcessSubstitution(e, part, _quoted, out) {
    out.add(yield* e.shell.processSubstitution(part), 'literal');
  },
  *BraceExpansion(e, part, _quoted, out) {
    // Only where braces do not expand: in assignments and the like.
    const texts: string[] = [];
    for (const parts of braceWords([part])) texts.push(yield* e.single({ type: 'Word', parts: [...parts] }));
    out.add(`{${texts.join(',')}}`, 'literal');
  },
  *TildeExpansion(e, part, _quoted, out) {
    out.add(yield* e.shell.homeOf(part.user), 'literal');
  },
  Glob(_e, part, quoted, out) {
    out.add(part.pattern, quoted ? 'literal' : 'glob');
  },
};

type OperationHandler<T extends ParameterOperation['type']> = (
  e: Expander,
  operation: OperationOf<T>,
  value: Parameter,
  name: string,
) => Parameter | Sys<Parameter>;

function each(value: Parameter, change: (text: string) => string): Parameter {
  if (value.list) return { ...value, list: value.list.map(change) };
  return { set: value.set, text: value.set ? change(value.text) : '' };
}

const OPERATIONS: { readonly [T in ParameterOperation['type']]?: OperationHandler<T> } = {
  Length(_e, _operation, value) {
    return { set: true, text: String(value.list ? value.list.length : [...value.text].length) };
  },
  Substring: (e, operation, value, name) => e.slice(operation, value, name),
  *PatternRemoval(e, operation, value) {
    const pattern = yield* e.pattern(operation.pattern);
    return each(value, (text) => removePattern(text, pattern, operation.side, operation.greedy));
  },
  *PatternReplacement(e, operation, value) {
    const pattern = yield* e.pattern(operation.pattern);
    const by = operation.replacement ? yield* e.single(operation.replacement) : '';
    return each(value, (text) => replacePattern(text, pattern, by, operation.all, operation.anchor));
  },
  *CaseModification(e, operation, value) {
    const pattern = operation.pattern ? yield* e.pattern(operation.pattern) : undefined;
    return each(value, (text) => changeCase(text, operation.direction, operation.all, pattern));
  },
  Transform(_e, operation, value) {
    return each(value, (text) => transform(text, operation.operator));
  },
  Indirection: (e, operation, value, name) => e.indirect(name, operation, value),
  ArrayKeys(e, operation) {
    const list = e.shell.vars.elements(operation.array).map(([key]) => key);
    return { set: list.length > 0, text: '', list, star: operation.star };
  },
  VarNamePrefix(e, operation) {
    const list = e.shell.vars.names().filter((name) => name.startsWith(operation.prefix));
    return { set: list.length > 0, text: '', list, star: operation.star };
  },
};
