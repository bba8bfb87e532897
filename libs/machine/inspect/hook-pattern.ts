import type { HookEntry } from '@probed/hooks';

/** Kinds of programs that hang at hooks of another kind's name. */
const ALIASES: Readonly<Record<string, HookEntry['kind']>> = {
  tp: 'tracepoint',
  raw_tp: 'tracepoint',
  raw_tracepoint: 'tracepoint',
  tp_btf: 'tracepoint',
  kretprobe: 'kprobe',
  fentry: 'kprobe',
  fexit: 'kprobe',
  uretprobe: 'uprobe',
};

/**
 * A test for `kind:name`. With `*` or `?` the pattern must match the whole, with or without the kind; without them an
 * exact name or, for a bare word, any name that contains it. `/` in a tracepoint's name is as good as `:`.
 */
export function hookMatcher(pattern: string): (entry: HookEntry) => boolean {
  const glob = /[*?]/.test(pattern);
  const [first, ...rest] = pattern.split(':');
  const kind = ALIASES[first];
  const text = kind ? [kind, ...rest].join(':') : pattern;
  // Raw tracepoints go by name alone: let any group stand before it.
  const anyGroup =
    kind === 'tracepoint' && first !== 'tp' && rest.length === 1 ? `tracepoint:*:${rest[0]}` : undefined;
  if (anyGroup) return bothForms(globRegex(anyGroup));
  if (glob) return bothForms(globRegex(text));
  if (text.includes(':') || text.includes('/')) return bothForms(globRegex(text));
  return ({ name }) => name.includes(text);
}

function bothForms(regex: RegExp): (entry: HookEntry) => boolean {
  return ({ kind, name }) => {
    const slashed = kind === 'tracepoint' ? name.replace(':', '/') : name;
    return regex.test(`${kind}:${name}`) || regex.test(name) || (slashed !== name && regex.test(slashed));
  };
}

function globRegex(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`);
}
