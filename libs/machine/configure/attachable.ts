import { nearest } from '@probed/base';
import type { HookBus, HookEntry } from '@probed/hooks';
import type { LoadedProgram } from '@probed/runtime';
import { parseSectionName, type SectionKind } from '@probed/spec';
import type { AttachOptions } from '../attach/attachment';
import { lastNameOf } from '../inspect/hook-catalogue';

/** Kinds that loaders leave alone when they attach all programs of an object: someone attaches them by other means. */
const NOT_BY_SECTION: ReadonlySet<SectionKind> = new Set([
  'xdp',
  'tc',
  'socket',
  'cgroup',
  'struct_ops',
  'syscall',
  'freplace',
  'other',
]);

/** Iterators that somebody has to say a map for. */
const ITERATORS_OVER_MAPS: ReadonlySet<string> = new Set(['bpf_map_elem', 'bpf_sk_storage_map']);

const NEAREST_MAX = 3;

/** False for programs that their loader attaches itself, as with libbpf: sections that name no hook, or not all of it. */
export function attachesBySection(program: LoadedProgram): boolean {
  const section = parseSectionName(program.spec.section);
  if (!section.ok) return true;
  const { kind, attachTo } = section.value;
  if (kind === 'iter' && ITERATORS_OVER_MAPS.has(attachTo)) return false;
  return !NOT_BY_SECTION.has(kind) && (attachTo !== '' || kind === 'perf_event');
}

/** Hooks whose last name is near to that of a target that does not exist, as a hint; undefined when none is. */
export function nearestHooks(
  program: LoadedProgram,
  options: AttachOptions,
  hooks: HookBus,
): string | undefined {
  const section = parseSectionName(program.spec.section);
  if (!section.ok) return undefined;
  const { kind, attachTo } = section.value;
  const candidates = [...candidatesFor(kind, hooks)];
  const near = nearest(lastNameOf({ name: options.target ?? attachTo }), candidates.map(lastNameOf));
  if (near.length === 0) return undefined;
  const named = candidates.filter((entry) => near.includes(lastNameOf(entry))).slice(0, NEAREST_MAX);
  return `did you mean ${named.map(({ name }) => name).join(' or ')}?`;
}

function candidatesFor(kind: SectionKind, hooks: HookBus): Iterable<HookEntry> {
  if (/^(tracepoint|raw_tracepoint|tp_btf)$/.test(kind)) return hooks.tracepointCatalogue();
  if (kind === 'usdt') return hooks.usdtCatalogue();
  if (kind === 'iter') return [];
  return kind.startsWith('u') ? hooks.userCatalogue() : hooks.functionCatalogue();
}
