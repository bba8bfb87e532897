import type { Btf, BtfParam } from '@probed/btf';
import type { Kernel } from '@probed/system';

/** The same parameter under the names that kernels of several ages give it. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['idmap', 'mnt_userns', 'mnt_idmap'],
  ['folio', 'page'],
  ['ctx', 'iocb'],
];

/** Functions that older kernels have under another name, newest name first. */
const FORMER_NAMES: Readonly<Record<string, readonly string[]>> = {
  // 6.12 and older.
  anon_pipe_read: ['pipe_read'],
  anon_pipe_write: ['pipe_write'],
  // 5.16 to 6.1, where the plain names are inline functions.
  blk_account_io_start: ['__blk_account_io_start'],
  blk_account_io_done: ['__blk_account_io_done'],
  // 5.10.
  filemap_read: ['generic_file_buffered_read'],
  // 5.15 and older: pages for folios.
  folio_mark_accessed: ['mark_page_accessed'],
  filemap_add_folio: ['add_to_page_cache_lru'],
};

/**
 * Gives programs the arguments of functions and raw tracepoints where the worn kernel's prototypes have them: code paths
 * are the reference kernel's, parameters are matched by name, else by type and order. A parameter that only the worn
 * kernel has is 0.
 */
export function wearArguments(kernel: Kernel, reference: Btf, worn: Btf): void {
  if (reference === worn) return;
  for (const hook of kernel.fn) {
    const from = functionParams(reference, hook.name);
    const name = wornName(worn, hook.name);
    const to = functionParams(worn, name);
    if (name !== hook.name) kernel.hooks.renameFunction(hook, name);
    if (from && to) hook.rearrange = rearrangement(mapParams(reference, from, worn, to));
  }
  for (const hook of Object.values(kernel.tp)) {
    const from = tracepointParams(reference, hook.name);
    const to = tracepointParams(worn, hook.name);
    if (from && to) hook.rearrange = rearrangement(mapParams(reference, from, worn, to));
  }
}

/** What the worn kernel calls a function: the name of 6.18 unless it has another of its names only. */
function wornName(worn: Btf, name: string): string {
  const has = (spelling: string) => worn.findByName(spelling, 'func') !== undefined;
  return has(name) ? name : (FORMER_NAMES[name]?.find(has) ?? name);
}

type Rearrangement = (args: readonly number[]) => readonly number[];

/** Undefined when all stay where they are. */
function rearrangement(sources: readonly (number | undefined)[]): Rearrangement | undefined {
  if (sources.every((source, i) => source === i)) return undefined;
  return (args) => sources.map((source) => (source === undefined ? 0 : (args[source] ?? 0)));
}

/** For each parameter of the worn kernel, which of the reference kernel's it is. */
function mapParams(
  reference: Btf,
  from: readonly BtfParam[],
  worn: Btf,
  to: readonly BtfParam[],
): (number | undefined)[] {
  const free = new Set(from.keys());
  const take = (matches: (param: BtfParam, index: number) => boolean): number | undefined => {
    for (const index of free) {
      if (!matches(from[index], index)) continue;
      free.delete(index);
      return index;
    }
    return undefined;
  };
  const sources = to.map(({ name }) => (name ? take((param) => sameName(param.name, name)) : undefined));
  return sources.map((source, i) => {
    if (source !== undefined) return source;
    const { name, typeId } = to[i];
    const type = shapeOf(worn, typeId);
    // Pointers are told apart by what they point at; of numbers with names of their own only the place speaks.
    const placed = (param: BtfParam, index: number) =>
      type.startsWith('*') || !param.name || !name || index === i;
    return take(
      (param, index) => type !== '' && shapeOf(reference, param.typeId) === type && placed(param, index),
    );
  });
}

function sameName(a: string, b: string): boolean {
  return a === b || SYNONYMS.some((names) => names.includes(a) && names.includes(b));
}

/** What kind of value a parameter is: pointers by what they point at; numbers of a size are all alike. */
function shapeOf(btf: Btf, id: number): string {
  const type = btf.resolve(id);
  if (type.kind !== 'ptr') return `${type.kind === 'enum' ? 'int' : type.kind}${btf.sizeOf(type.id)}`;
  const pointee = btf.resolve(type.typeId);
  return pointee.name ? `*${pointee.name}` : '';
}

function functionParams(btf: Btf, name: string): readonly BtfParam[] | undefined {
  const id = btf.findByName(name, 'func');
  const func = id === undefined ? undefined : btf.type(id);
  const proto = func?.kind === 'func' ? btf.type(func.typeId) : undefined;
  return proto?.kind === 'func_proto' ? proto.params : undefined;
}

/**
 * TP_PROTO, less the `void *__data` before it: of `__traceiter_<name>` (since 5.10), which names the parameters, else of
 * the typedef `btf_trace_<name>`.
 */
function tracepointParams(btf: Btf, name: string): readonly BtfParam[] | undefined {
  const named = functionParams(btf, `__traceiter_${name}`);
  if (named) return named.slice(1);
  const id = btf.findByName(`btf_trace_${name}`, 'typedef');
  const ptr = id === undefined ? undefined : btf.resolve(id);
  const proto = ptr?.kind === 'ptr' ? btf.resolve(ptr.typeId) : undefined;
  return proto?.kind === 'func_proto' ? proto.params.slice(1) : undefined;
}
