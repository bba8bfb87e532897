import { nearest } from '@probed/base';
import type { HookEntry } from '@probed/hooks';
import { hookCatalogue, hookMatcher, hookText, lastNameOf, Machine } from '@probed/machine';
import { CommandError } from '../errors';
import { chosenKernel, type KernelChoice } from '../input/kernel-option';
import { formatTable } from '../output/columns';
import { TextWriter } from '../output/text-writer';

export interface ListHooksOptions extends KernelChoice {
  readonly verbose?: boolean;
  readonly kind?: HookEntry['kind'];
  readonly live?: boolean;
  readonly json?: boolean;
}

/** `probectl hooks`. */
export async function listHooks(pattern: string | undefined, options: ListHooksOptions): Promise<void> {
  const machine = new Machine({ image: chosenKernel(options) });
  const matches = pattern === undefined ? () => true : hookMatcher(pattern);
  const { kind, live } = options;
  const all = [...hookCatalogue(machine)];
  const rows = all.filter(
    (entry) => (!kind || entry.kind === kind) && (!live || entry.state === 'live') && matches(entry),
  );
  if (rows.length === 0) throw new CommandError(nothingMatches(pattern, all, options));
  const writer = new TextWriter();
  if (options.json)
    await writer.writeLines(rows.map((entry) => JSON.stringify(document(machine, entry, options))));
  else if (options.verbose) await writer.writeLines(details(machine, rows));
  else await writer.write(`${table(rows)}\n`);
}

function table(rows: readonly HookEntry[]): string {
  return formatTable(
    [{ title: 'NAME' }, { title: 'STATE' }],
    rows.map(({ kind, name, state }) => [`${kind}:${name}`, state]),
  );
}

function* details(machine: Machine, rows: readonly HookEntry[]): Generator<string> {
  for (const entry of rows) {
    yield `${entry.kind}:${entry.name} (${entry.state})`;
    const text = hookText(machine, entry);
    if (text) yield `${text.trimEnd().replace(/^(?=.)/gm, '    ')}\n`;
  }
}

function document(machine: Machine, entry: HookEntry, { verbose }: ListHooksOptions) {
  const { kind, name, state } = entry;
  const text = verbose ? hookText(machine, entry) : undefined;
  if (text === undefined) return { kind, name, state };
  return { kind, name, state, [kind === 'tracepoint' ? 'format' : 'prototype']: text };
}

function nothingMatches(pattern = '*', all: readonly HookEntry[], { kind, live }: ListHooksOptions) {
  const word = lastNameOf({ name: pattern }).replace(/[*?]/g, '');
  const near = word ? nearest(word, all.map(lastNameOf)) : [];
  const filters = `${kind ? ` of kind ${kind}` : ''}${live ? ' that is live' : ''}`;
  const found = all.filter((entry) => lastNameOf(entry) === near[0]);
  const hint = near.length
    ? `nearest: ${[...found.map((entry) => `${entry.kind}:${entry.name}`), ...near.slice(1)].join(', ')}`
    : "patterns look like 'tracepoint:sched:*', 'kprobe:tcp_*', or a word that a name contains";
  return { code: 'no-such-hook', message: `no hook${filters} matches ${pattern}`, hint };
}
