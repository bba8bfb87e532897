import { printTracepointFormat, type TracepointFormat } from '@probed/abi';
import type { HookEntry } from '@probed/hooks';
import { PERF_EVENTS } from '../attach/perf-event';
import type { Machine } from '../machine';
import { functionPrototype } from './function-prototype';

/** Every attach point of a machine, sorted by kind and name; perf events that its CPU counts last. */
export function* hookCatalogue(machine: Machine): Generator<HookEntry> {
  const { hooks } = machine.kernel;
  yield* hooks.catalogue();
  for (const [name, { type, config }] of Object.entries(PERF_EVENTS)) {
    const close = hooks.perf.open({ type, config, period: 1 }, () => {});
    close?.();
    if (close) yield { kind: 'perf_event', name, state: 'live' };
  }
}

/** Format of a tracepoint's record; undefined for hooks of other kinds. */
export function hookFormat(machine: Machine, { kind, name }: HookEntry): TracepointFormat | undefined {
  if (kind !== 'tracepoint') return undefined;
  const [group, event] = name.split(':');
  return machine.attachEnv.formats.get(group, event);
}

/** What a program sees there, as text: a tracepoint's format file or a function's C prototype. */
export function hookText(machine: Machine, entry: HookEntry): string | undefined {
  if (entry.kind === 'kprobe') return functionPrototype(machine.facts.btf, entry.name);
  const format = hookFormat(machine, entry);
  return format && printTracepointFormat(format);
}

/** Last part of a hook's name: the event, the function, the symbol. */
export function lastNameOf({ name }: Pick<HookEntry, 'name'>): string {
  return name.split(/[:/]/).at(-1)!;
}
