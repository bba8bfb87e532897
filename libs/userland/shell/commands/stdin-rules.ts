/** When a tool reads its standard input, as far as its arguments tell. */
export interface StdinRule {
  /** Operands that are no files: the pattern of grep, the program of awk. */
  readonly leading?: number;
  /** Options that take the following word as their value. */
  readonly valued?: string;
  /** Options that stand for the leading operand (`grep -e`). */
  readonly standsIn?: string;
  /** Options with which it does not read standard input though no file is named. */
  readonly not?: RegExp;
  /** It always reads. */
  readonly always?: true;
}

const FILES: StdinRule = {};

/** Tools that can read standard input; those not listed never do. */
const RULES: Readonly<Record<string, StdinRule>> = {
  cat: FILES,
  tac: FILES,
  rev: FILES,
  nl: { valued: 'bdfhilnsvw' },
  head: { valued: 'nc' },
  tail: { valued: 'ncs' },
  sort: { valued: 'kotST' },
  uniq: { valued: 'fsw' },
  comm: FILES,
  cut: { valued: 'dfcb' },
  tr: { always: true },
  tee: { always: true },
  fold: { valued: 'w' },
  expand: { valued: 't' },
  unexpand: { valued: 't' },
  column: { valued: 'tsco' },
  strings: { valued: 'n' },
  split: { valued: 'abln' },
  join: { valued: 'tjo12' },
  od: { valued: 'ANtjw' },
  base64: { valued: 'w' },
  md5sum: FILES,
  sha1sum: FILES,
  sha256sum: FILES,
  grep: { leading: 1, valued: 'efmABC', standsIn: 'ef', not: /^-[a-zA-Z]*[rR]|^--recursive/ },
  egrep: { leading: 1, valued: 'efmABC', standsIn: 'ef', not: /^-[a-zA-Z]*[rR]/ },
  fgrep: { leading: 1, valued: 'efmABC', standsIn: 'ef', not: /^-[a-zA-Z]*[rR]/ },
  sed: { leading: 1, valued: 'efl', standsIn: 'ef' },
  awk: { leading: 1, valued: 'Fvf', standsIn: 'f' },
  jq: { leading: 1, valued: 'f', standsIn: 'f', not: /^-[a-z]*n|^--null-input/ },
  diff: { leading: 9 },
  gzip: FILES,
  gunzip: FILES,
  zcat: FILES,
  tar: { leading: 99, valued: 'fC' },
  xargs: { always: true },
};

interface Parsed {
  readonly operands: readonly string[];
  readonly letters: ReadonlySet<string>;
  readonly excluded: boolean;
}

function parse(args: readonly string[], rule: StdinRule): Parsed {
  const operands: string[] = [];
  const letters = new Set<string>();
  let excluded = false;
  let ended = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (ended || arg === '-' || !arg.startsWith('-')) {
      operands.push(arg);
      continue;
    }
    if (arg === '--') ended = true;
    excluded ||= rule.not?.test(arg) === true;
    if (arg.startsWith('--')) continue;
    for (let at = 1; at < arg.length; at++) {
      letters.add(arg[at]);
      if (!rule.valued?.includes(arg[at])) continue;
      if (at === arg.length - 1) i++;
      break;
    }
  }
  return { operands, letters, excluded };
}

/** tar reads an archive from standard input when told to extract or list `-`. */
function tarReads(args: readonly string[]): boolean {
  const text = args.join(' ');
  return /(^|\s)-?-?[a-zA-Z]*[xt]/.test(text) && /f\s*-(\s|$)|--file=-/.test(text);
}

/** Whether a tool with these arguments (without its name) reads standard input. */
export function readsStdin(name: string, args: readonly string[]): boolean {
  const rule = RULES[name];
  if (!rule || args.includes('--help') || args.includes('--version')) return false;
  if (rule.always) return true;
  if (name === 'tar') return tarReads(args);
  const { operands, letters, excluded } = parse(args, rule);
  if (excluded) return false;
  if (operands.includes('-')) return true;
  const standsIn = [...(rule.standsIn ?? '')].some((letter) => letters.has(letter));
  return operands.length <= (standsIn ? 0 : (rule.leading ?? 0)) && (rule.leading ?? 0) < 9;
}
