import { Btf, BtfBuilder } from '@probed/btf';
import { assemble } from '@probed/isa';
import { helperByName, type InsnRef, type KernelFacts, type MapInfo, MapType, type ProgramSpec, ProgType } from '@probed/spec';
import type { Result } from '@probed/base';
import type { VerifiedProgram } from '@probed/spec';
import type { VerifyOptions } from './env';
import type { VerifierReject } from './reject';
import { verify } from './verify';

/** What a test says of a program; everything has a default. */
export interface Case extends Partial<Omit<ProgramSpec, 'insns'>> {
  readonly asm: string;
  readonly logLevel?: number;
  readonly license?: string;
  readonly caps?: readonly string[];
  readonly maps?: readonly MapInfo[];
  readonly objectBtf?: Btf;
}

/** A map with a name and what a test wants of it: a hash of 4-byte keys and 8-byte values. */
export function map(name: string, more: Partial<MapInfo> = {}): MapInfo {
  return {
    name,
    type: MapType.HASH,
    keySize: 4,
    valueSize: 8,
    maxEntries: 16,
    flags: 0,
    frozen: false,
    keyTypeId: 0,
    valueTypeId: 0,
    ...more,
  };
}

const MAPS = [
  map('hash'),
  map('array', { type: MapType.ARRAY, valueSize: 16, maxEntries: 4 }),
  map('ring', { type: MapType.RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 }),
  map('progs', { type: MapType.PROG_ARRAY, valueSize: 4 }),
  map('events', { type: MapType.PERF_EVENT_ARRAY, valueSize: 4 }),
];

/** A kernel with one struct to walk. */
export function testFacts(): KernelFacts {
  const b = new BtfBuilder();
  const int = b.int('int', 4, { signed: true });
  const long = b.int('unsigned long', 8, {});
  const task = b.nextId + 1;
  const ptr = b.ptr(task);
  b.struct('task_struct', 32, [
    { name: 'pid', typeId: int, offsetBits: 0, bits: 0 },
    { name: 'flags', typeId: long, offsetBits: 64, bits: 0 },
    { name: 'parent', typeId: ptr, offsetBits: 128, bits: 0 },
  ]);
  const parsed = Btf.parse(b.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  return {
    btf: parsed.value,
    release: '6.18.0',
    versionCode: (6 << 16) | (18 << 8),
    cpus: 4,
    tracepointRecordBytes: () => undefined,
    symbol: () => undefined,
    config: () => undefined,
    deviations: new Set(),
  };
}

/** Assembles and verifies; `r1 = map[NAME]` and `r1 = map[NAME][0]+8` name maps. */
export function run(test: Case): Result<VerifiedProgram, VerifierReject> {
  const code = assemble(test.asm, { helperId: (name) => helperByName(name)?.id });
  if (!code.ok) throw new Error(`${code.error.where}: ${code.error.message}`);
  const { insns, symbols } = code.value;
  const refs = new Map<number, InsnRef>();
  for (const [slot, name] of symbols) {
    if (insns[slot].src === 1) refs.set(slot, { kind: 'map', map: name });
    else if (insns[slot].src === 2) refs.set(slot, { kind: 'map-value', map: name });
    else refs.set(slot, { kind: 'kfunc', name, weak: false });
  }
  const options: VerifyOptions = {
    logLevel: test.logLevel ?? 0,
    license: test.license ?? 'GPL',
    caps: test.caps && new Set(test.caps),
    objectBtf: test.objectBtf,
  };
  const spec: ProgramSpec = {
    name: 'test',
    section: 'test',
    type: ProgType.RAW_TRACEPOINT,
    expectedAttachType: 0,
    attachTo: '',
    optional: false,
    flags: 0,
    funcInfo: [],
    lineInfo: [],
    ...test,
    refs,
    insns,
  };
  const maps = new Map([...MAPS, ...(test.maps ?? [])].map((m) => [m.name, m]));
  return verify(spec, maps, testFacts(), options);
}
