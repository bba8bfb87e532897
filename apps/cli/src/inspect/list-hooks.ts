import { printTracepointFormat } from '@probed/abi';
import { loadKernelImage } from '@probed/assets';
import type { HookEntry } from '@probed/hooks';
import { Machine, PERF_EVENTS } from '@probed/machine';
import { CommandError } from '../errors';
import { nearest } from '../input/suggest';
import { formatTable } from '../output/columns';
import { TextWriter } from '../output/text-writer';
import { hookMatcher } from './hook-pattern';
import { functionPrototype } from './prototype';

export interface ListHooksOptions {
  readonly verbose?: boolean;
  readonly kind?: HookEntry['kind'];
  readonly live?: boolean;
  readonly json?: boolean;
}

/** `probectl hooks`. */
export async function listHooks(pattern: string | undefined, options: ListHooksOptions): Promise<void> {
  const machine = new Machine({ image: loadKernelImage() });
  const matches = pattern === undefined ? () => true : hookMatcher(pattern);
  const { kind, live } = options;
  const all = [...catalogue(machine)];
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

function* catalogue(machine: Machine): Generator<HookEntry> {
  yield* machine.kernel.hooks.catalogue();
  for (const [name, { type, config }] of Object.entries(PERF_EVENTS)) {
    const close = machine.kernel.hooks.perf.open({ type, config, period: 1 }, () => {});
    close?.();
    if (close) yield { kind: 'perf_event', name, state: 'live' };
  }
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
    const text = detail(machine, entry);
    if (text) yield `${text.trimEnd().replace(/^(?=.)/gm, '    ')}\n`;
  }
}

function detail({ attachEnv, facts }: Machine, { kind, name }: HookEntry): string | undefined {
  if (kind === 'kprobe') return functionPrototype(facts.btf, name);
  if (kind !== 'tracepoint') return undefined;
  const [group, event] = name.split(':');
  const format = attachEnv.formats.get(group, event);
  return format && printTracepointFormat(format);
}

function document(machine: Machine, entry: HookEntry, { verbose }: ListHooksOptions) {
  const { kind, name, state } = entry;
  const text = verbose ? detail(machine, entry) : undefined;
  if (text === undefined) return { kind, name, state };
  return { kind, name, state, [kind === 'tracepoint' ? 'format' : 'prototype']: text };
}

function nothingMatches(pattern = '*', all: readonly HookEntry[], { kind, live }: ListHooksOptions) {
  const word = pattern.split(/[:/]/).at(-1)!.replace(/[*?]/g, '');
  const lastName = ({ name }: HookEntry) => name.split(':').at(-1)!;
  const near = word ? nearest(word, all.map(lastName)) : [];
  const filters = `${kind ? ` of kind ${kind}` : ''}${live ? ' that is live' : ''}`;
  const found = all.filter((entry) => lastName(entry) === near[0]);
  const hint = near.length
    ? `nearest: ${[...found.map((entry) => `${entry.kind}:${entry.name}`), ...near.slice(1)].join(', ')}`
    : "patterns look like 'tracepoint:sched:*', 'kprobe:tcp_*', or a word that a name contains";
  return { code: 'no-such-hook', message: `no hook${filters} matches ${pattern}`, hint };
}
