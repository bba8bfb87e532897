import type { Sys } from '@probed/system';
import { ShellFault } from '../language/control';
import { shellQuote } from '../language/parameter-ops';
import type { Shell } from '../language/shell';
import { isName, type Variable } from '../language/variables';
import { type BuiltinTable, fail, options, print } from './builtin';
import { OPTION_LETTERS } from './file-tests';

/** `NAME` or `NAME=value` or `NAME+=value` of a declaration. */
interface Declared {
  readonly name: string;
  readonly value: string | undefined;
  readonly append: boolean;
}

function parseDeclaration(word: string): Declared {
  const match = /^([A-Za-z_]\w*)(?:\[[^\]]*\])?(\+?)=([\s\S]*)$/.exec(word);
  if (match) return { name: match[1], append: match[2] === '+', value: match[3] };
  if (!isName(word)) throw new ShellFault(`\`${word}': not a valid identifier`);
  return { name: word, append: false, value: undefined };
}

/** Declares what a word says. `NAME=(a b)` has come as one word and is taken apart again. */
function* declareWord(shell: Shell, word: string, local: boolean, attributes: Partial<Variable>): Sys<void> {
  const { name, value, append } = parseDeclaration(word);
  if (shell.vars.find(name)?.readonly && value !== undefined)
    throw new ShellFault(`${name}: readonly variable`);
  const variable = local && shell.vars.inFunction ? shell.vars.local(name) : shell.vars.declare(name);
  const { readonly, associative, array, ...rest } = attributes;
  Object.assign(variable, rest);
  if (associative || array) shell.vars.array(name, associative === true);
  if (value !== undefined) {
    if (value.startsWith('(') && value.endsWith(')'))
      yield* shell.run.text(`${name}${append ? '+' : ''}=${value}`);
    else {
      const plain = variable.integer ? String(yield* shell.arithmetic.text(value)) : value;
      shell.assign(name, append ? (shell.vars.get(name) ?? '') + plain : plain);
    }
  }
  if (readonly) variable.readonly = true;
}

function describe(name: string, variable: Variable): string {
  const flags = [
    variable.array && (variable.associative ? 'A' : 'a'),
    variable.integer && 'i',
    variable.readonly && 'r',
    variable.exported && 'x',
  ].filter(Boolean);
  const head = `declare -${flags.join('') || '-'} ${name}`;
  if (variable.array)
    return `${head}=(${[...variable.array].map(([key, value]) => `[${key}]="${value}"`).join(' ')})`;
  return variable.value === undefined ? head : `${head}="${variable.value.replace(/(["\\$`])/g, '\\$1')}"`;
}

function* listVariables(shell: Shell, keep: (variable: Variable) => boolean): Sys {
  let out = '';
  for (const name of shell.vars.names()) {
    const variable = shell.vars.find(name)!;
    if (keep(variable)) out += `${describe(name, variable)}\n`;
  }
  return yield* print(shell, out);
}

function* declare(shell: Shell, words: readonly string[], local: boolean): Sys {
  const off = words.slice(1).find((word) => /^\+[a-z]+$/i.test(word));
  const plain = words.filter((word) => word !== off);
  const { flags, rest, bad } = options(plain, 'aAfFgilnprtux');
  if (bad) return yield* fail(shell, `${words[0]}: ${bad}: invalid option`, 2);
  if (flags.has('f') || flags.has('F')) return yield* listFunctions(shell, rest, flags.has('f'));
  if (rest.length === 0)
    return yield* listVariables(shell, (variable) => !flags.has('x') || !!variable.exported);
  if (flags.has('p')) return yield* showVariables(shell, words[0], rest);
  const attributes: Partial<Variable> = {
    ...(flags.has('x') && { exported: true }),
    ...(flags.has('r') && { readonly: true }),
    ...(flags.has('i') && { integer: true }),
    ...(flags.has('a') && { array: new Map<string, string>() }),
    ...(flags.has('A') && { associative: true }),
    ...(off?.includes('x') && { exported: false }),
    ...(off?.includes('i') && { integer: false }),
  };
  for (const word of rest) yield* declareWord(shell, word, local && !flags.has('g'), attributes);
  return 0;
}

function* showVariables(shell: Shell, command: string, names: readonly string[]): Sys {
  let status = 0;
  for (const name of names) {
    const variable = shell.vars.find(name);
    if (variable) yield* print(shell, `${describe(name, variable)}\n`);
    else status = yield* fail(shell, `${command}: ${name}: not found`);
  }
  return status;
}

function* listFunctions(shell: Shell, names: readonly string[], bodies: boolean): Sys {
  const known = names.length > 0 ? names : [...shell.functions.keys()].sort();
  let status = 0;
  for (const name of known) {
    const node = shell.functions.get(name);
    if (node) yield* print(shell, bodies ? `${shell.sourceOf(node)}\n` : `declare -f ${name}\n`);
    else status = 1;
  }
  return status;
}

function* setOptions(shell: Shell, words: readonly string[]): Sys {
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    if (word === '--' || word === '-' || !/^[-+]./.test(word)) {
      shell.positional = words.slice(word === '--' || word === '-' ? i + 1 : i);
      return 0;
    }
    const on = word.startsWith('-');
    for (const letter of word.slice(1)) {
      const name = letter === 'o' ? words[++i] : undefined;
      if (letter === 'o' && name === undefined) return yield* showOptions(shell, on);
      const option = name === undefined ? letter : OPTION_LETTERS[name];
      if (option === undefined) return yield* fail(shell, `set: ${name}: invalid option name`, 2);
      if (on) shell.options.add(option);
      else shell.options.delete(option);
    }
  }
  return 0;
}

function* showOptions(shell: Shell, table: boolean): Sys {
  const rows = Object.entries(OPTION_LETTERS).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = rows.map(([name, letter]) => {
    const on = shell.options.has(letter);
    return table ? `${name.padEnd(15)}\t${on ? 'on' : 'off'}\n` : `set ${on ? '-' : '+'}o ${name}\n`;
  });
  return yield* print(shell, text.join(''));
}

function* listAll(shell: Shell): Sys {
  let out = '';
  for (const name of shell.vars.names()) {
    const { value, array } = shell.vars.find(name)!;
    if (array) out += `${name}=(${[...array].map(([key, item]) => `[${key}]="${item}"`).join(' ')})\n`;
    else if (value !== undefined) out += `${name}=${shellQuote(value)}\n`;
  }
  return yield* print(shell, out);
}

/** getopts(1), with its place inside a group of letters kept behind OPTIND. */
function* getopts(shell: Shell, words: readonly string[]): Sys {
  const [, spec = '', name = '', ...given] = words;
  const args = given.length > 0 ? given : shell.positional;
  const [index, offset = 1] = (shell.vars.get('_OPTPOS') ?? '').split(':').map(Number);
  let at = Number(shell.vars.get('OPTIND') ?? 1);
  let letterAt = index === at ? offset : 1;
  const word = args[at - 1];
  if (word === undefined || !/^-./.test(word) || word === '--') {
    if (word === '--') shell.assign('OPTIND', String(at + 1));
    shell.assign(name, '?');
    return 1;
  }
  const letter = word[letterAt++];
  const place = spec.indexOf(letter);
  const wants = place >= 0 && spec[place + 1] === ':';
  let argument: string | undefined;
  if (wants && letterAt < word.length) argument = word.slice(letterAt);
  else if (wants) argument = args[at++];
  if (wants || letterAt >= word.length) {
    at++;
    letterAt = 1;
  }
  shell.assign('OPTIND', String(at));
  shell.vars.set('_OPTPOS', `${at}:${letterAt}`);
  const known = place >= 0 && letter !== ':';
  if (known && (!wants || argument !== undefined)) {
    shell.assign(name, letter);
    if (argument === undefined) shell.vars.unset('OPTARG');
    else shell.assign('OPTARG', argument);
    return 0;
  }
  const silent = spec.startsWith(':');
  shell.assign(name, silent && known ? ':' : '?');
  if (silent) shell.assign('OPTARG', letter);
  else
    yield* shell.run.error(
      `${shell.arg0}: ${known ? 'option requires an argument' : 'illegal option'} -- ${letter}\n`,
    );
  return 0;
}

export const VARIABLES: BuiltinTable = {
  declare: (shell, words) => declare(shell, words, true),
  typeset: (shell, words) => declare(shell, words, true),
  *local(shell, words) {
    if (!shell.vars.inFunction) return yield* fail(shell, 'local: can only be used in a function');
    return yield* declare(shell, words, true);
  },
  *export(shell, words) {
    const { flags, rest, bad } = options(words, 'nfp');
    if (bad) return yield* fail(shell, `export: ${bad}: invalid option`, 2);
    if (rest.length === 0) return yield* listVariables(shell, (variable) => !!variable.exported);
    for (const word of rest) yield* declareWord(shell, word, false, { exported: !flags.has('n') });
    return 0;
  },
  *readonly(shell, words) {
    const { rest } = options(words, 'aAfp');
    if (rest.length === 0) return yield* listVariables(shell, (variable) => !!variable.readonly);
    for (const word of rest) yield* declareWord(shell, word, false, { readonly: true });
    return 0;
  },
  *unset(shell, words) {
    const { flags, rest } = options(words, 'fnv');
    let status = 0;
    for (const word of rest) {
      const element = /^([A-Za-z_]\w*)\[(.*)\]$/.exec(word);
      if (flags.has('f')) shell.functions.delete(word);
      else if (element) shell.vars.unsetElement(element[1], yield* shell.subscript(element[1], element[2]));
      else if (shell.vars.find(word)?.readonly)
        status = yield* fail(shell, `unset: ${word}: cannot unset: readonly variable`);
      else if (shell.vars.find(word)) shell.vars.unset(word);
      else if (!flags.has('v')) shell.functions.delete(word);
    }
    return status;
  },
  *set(shell, words) {
    return words.length === 1 ? yield* listAll(shell) : yield* setOptions(shell, words);
  },
  *shift(shell, words) {
    const count = Number(words[1] ?? 1);
    if (!(count >= 0)) return yield* fail(shell, `shift: ${words[1]}: numeric argument required`);
    if (count > shell.positional.length) return 1;
    shell.positional = shell.positional.slice(count);
    return 0;
  },
  *let(shell, words) {
    let value = 0n;
    for (const word of words.slice(1)) value = yield* shell.arithmetic.text(word);
    return value !== 0n ? 0 : 1;
  },
  getopts,
};
