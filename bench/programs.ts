import { assemble } from '@probed/isa';
import { type BpfRuntime, type LoadedProgram } from '@probed/runtime';
import { helperByName, type InsnRef, type MapSpec, MapType, ProgType } from '@probed/spec';

/** Raw tracepoint programs in LLVM's assembly; `map[x]` names a map of {@link MAPS}. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  trivial: `
    r0 = 0
    exit`,
  'hash-fnv1a': `
    r1 = map[bytes]
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r3 = 0
    r4 = -2128831035
  loop:
    r5 = r0
    r5 += r3
    r5 = *(u8 *)(r5 + 0)
    w4 ^= w5
    w4 *= 16777619
    r3 += 1
    if r3 < 4096 goto loop
    r0 = r4
    exit
  out:
    r0 = 0
    exit`,
  'array-increment': `
    *(u32 *)(r10 - 4) = 3
    r1 = map[counters]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
  out:
    r0 = 0
    exit`,
  'hash-lookup-update': `
    r6 = *(u64 *)(r1 + 0)
    *(u32 *)(r10 - 4) = r6
    r1 = map[table]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    *(u64 *)(r10 - 16) = r6
    r1 = map[table]
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 0
    call map_update_elem
    r0 = 0
    exit`,
  'ringbuf-64': `
    r1 = map[ring]
    r2 = 64
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r2 = 7
    *(u64 *)(r0 + 0) = r2
    r1 = r0
    r2 = 0
    call ringbuf_submit
  out:
    r0 = 0
    exit`,
};

const map = (
  name: string,
  type: number,
  keySize: number,
  valueSize: number,
  maxEntries: number,
): MapSpec => ({
  name,
  type,
  keySize,
  valueSize,
  maxEntries,
  flags: 0,
  keyTypeId: 0,
  valueTypeId: 0,
});

export const MAPS: readonly MapSpec[] = [
  map('bytes', MapType.ARRAY, 4, 4096, 1),
  map('counters', MapType.ARRAY, 4, 8, 16),
  map('table', MapType.HASH, 4, 8, 10_000),
  map('ring', MapType.RINGBUF, 0, 0, 1 << 20),
];

/** Loads all programs into a runtime with maps of their own. */
export function loadPrograms(runtime: BpfRuntime): {
  maps: Map<string, MapOf>;
  programs: Map<string, LoadedProgram>;
} {
  const maps = new Map<string, MapOf>();
  for (const spec of MAPS) {
    const made = runtime.createMap(spec);
    if (!made.ok) throw new Error(made.error.message);
    maps.set(spec.name, made.value);
  }
  const env = runtime.link(maps);
  const programs = new Map<string, LoadedProgram>();
  for (const [name, text] of Object.entries(PROGRAMS)) {
    const loaded = runtime.load(programSpec(name, text), maps, env, { license: 'GPL' });
    if (!loaded.ok) throw new Error(`${name}: ${loaded.error.message}\n${loaded.error.log?.join('\n')}`);
    programs.set(name, loaded.value);
  }
  return { maps, programs };
}

type MapOf = Extract<ReturnType<BpfRuntime['createMap']>, { ok: true }>['value'];

function programSpec(name: string, text: string) {
  const assembled = assemble(text, { helperId: (helper: string) => helperByName(helper)?.id });
  if (!assembled.ok) throw new Error(`${name}: ${assembled.error.message}`);
  const refs = new Map<number, InsnRef>();
  for (const [slot, symbol] of assembled.value.symbols) refs.set(slot, { kind: 'map', map: symbol });
  return {
    name,
    section: 'raw_tp/sys_enter',
    type: ProgType.RAW_TRACEPOINT,
    expectedAttachType: 0,
    attachTo: 'sys_enter',
    optional: false,
    flags: 0,
    insns: assembled.value.insns,
    refs,
    funcInfo: [],
    lineInfo: [],
  };
}
