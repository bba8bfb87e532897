import { Btf } from '@probed/btf';
import { decodeInsns } from '@probed/isa';
import type { TestRunAttr } from '@probed/machine';
import {
  AttachType,
  type MapSpec,
  MapType,
  type ProgramSpec,
  ProgType,
  programTypeByName,
} from '@probed/spec';
import { CaseError, CaseFields } from './case-fields';
import { funcInfoOf, lineInfoOf, refsOf } from './link-code';

/** A program without an object around it, and what to run it on. */
export interface BatchCase {
  readonly program: ProgramSpec;
  /** Named `m0`, `m1`, … in order. */
  readonly maps: readonly CaseMap[];
  readonly objectBtf?: Btf;
  readonly license: string;
  readonly logLevel: number;
  readonly caps?: ReadonlySet<string>;
  readonly attr: TestRunAttr;
  /** Tells the maps' contents after the run. */
  readonly dump: boolean;
}

/** A map of a case with what is in it before the run, and whether it is frozen then. */
export interface CaseMap {
  readonly spec: MapSpec;
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  readonly isFrozen: boolean;
}

const MEMBERS = [
  'id',
  'type',
  'insns',
  'maps',
  'data',
  'license',
  'prog_flags',
  'test_flags',
  'caps',
  'expected_attach_type',
  'attach_btf',
  'btf',
  'func_info',
  'line_info',
  'ctx',
  'name',
  'repeat',
  'cpu',
  'batch_size',
  'data_size_out',
  'ctx_size_out',
  'log_level',
  'dump',
] as const;
const MAP_MEMBERS = [
  'type',
  'key',
  'value',
  'max',
  'flags',
  'name',
  'extra',
  'inner',
  'key_btf',
  'value_btf',
  'entries',
  'frozen',
] as const;
const MAPS_MAX = 64;
const LOG_LEVEL_MAX = 7;

/** Section that stands for a program without an object. */
const SECTION = 'insns';

/** @param kernelBtf where numbers in the code are looked up @throws CaseError */
export function readCase(document: unknown, kernelBtf: Btf): BatchCase {
  const fields = CaseFields.of(document, '', MEMBERS);
  const objectBtf = btfOf(fields.bytes('btf'));
  const maps = fields.list('maps');
  if (maps.length > MAPS_MAX) throw new CaseError(`maps: at most ${MAPS_MAX} are taken`);
  const specs = readMaps(maps);
  const logLevel = fields.number('log_level', 1);
  if (logLevel > LOG_LEVEL_MAX) throw new CaseError(`log_level: 0 to ${LOG_LEVEL_MAX} is wanted`);
  return {
    program: programOf(fields, specs.length, kernelBtf, objectBtf),
    maps: specs,
    ...(objectBtf && { objectBtf }),
    license: fields.text('license', 'GPL'),
    logLevel,
    caps: fields.capabilities('caps'),
    attr: attrOf(fields),
    dump: fields.flag('dump'),
  };
}

function programOf(
  fields: CaseFields,
  mapCount: number,
  kernelBtf: Btf,
  objectBtf: Btf | undefined,
): ProgramSpec {
  const code = fields.bytes('insns') ?? new Uint8Array(0);
  const insns = decodeInsns(code);
  if (!insns.ok) throw new CaseError(`insns: ${insns.error.message}`);
  const type = fields.enumerator('type', progTypeNamed, 'a program type such as xdp');
  return {
    name: fields.text('name', 'case'),
    section: SECTION,
    type,
    expectedAttachType: fields.enumerator(
      'expected_attach_type',
      attachTypeNamed,
      'an attach type such as fentry',
    ),
    attachTo: attachTarget(fields, kernelBtf),
    optional: false,
    flags: fields.number('prog_flags'),
    insns: insns.value,
    refs: refsOf(insns.value, mapCount, kernelBtf),
    funcInfo: funcInfoOf(fields.bytes('func_info')),
    lineInfo: lineInfoOf(fields.bytes('line_info'), objectBtf),
  };
}

function attrOf(fields: CaseFields): TestRunAttr {
  const ctx = fields.bytes('ctx');
  const returns = fields.has('ctx_size_out') ? fields.number('ctx_size_out') : undefined;
  return {
    packet: fields.bytes('data'),
    packetRoom: fields.number('data_size_out'),
    ctx,
    ctxRoom: returns,
    repeat: fields.number('repeat'),
    flags: fields.number('test_flags'),
    cpu: fields.number('cpu'),
    batchSize: fields.number('batch_size'),
  };
}

function btfOf(bytes: Uint8Array | undefined): Btf | undefined {
  if (!bytes) return undefined;
  const parsed = Btf.parse(bytes);
  if (!parsed.ok) throw new CaseError(`btf: ${parsed.error.message}`);
  return parsed.value;
}

/** The name of what the program is attached to; `attach_btf` has it, or its id in the kernel's BTF. */
function attachTarget(fields: CaseFields, kernelBtf: Btf): string {
  if (!fields.has('attach_btf')) return '';
  const given = fields.enumerator('attach_btf', () => 0, '');
  if (given === 0) return fields.text('attach_btf', '');
  const type = kernelBtf.has(given) ? kernelBtf.type(given) : undefined;
  if (!type || !('name' in type) || !type.name)
    throw new CaseError(`attach_btf: no type ${given} in the kernel`);
  return type.name.replace(/^btf_trace_/, '');
}

function progTypeNamed(text: string): number | undefined {
  const name = text.toLowerCase().replace(/^bpf_prog_type_/, '');
  return programTypeByName(name)?.type ?? (ALIASES[name] as number | undefined);
}

/** What libbpf and people call types besides bpftool's names. */
const ALIASES: Readonly<Record<string, number>> = {
  tc: ProgType.SCHED_CLS,
  cls: ProgType.SCHED_CLS,
  act: ProgType.SCHED_ACT,
  raw_tp: ProgType.RAW_TRACEPOINT,
  fentry: ProgType.TRACING,
  fexit: ProgType.TRACING,
  unspec: ProgType.UNSPEC,
};

function attachTypeNamed(text: string): number | undefined {
  const name = text.toUpperCase().replace(/^BPF_/, '');
  const table = AttachType as Readonly<Record<string, number>>;
  return table[name] ?? table[`TRACE_${name}`];
}

function mapTypeNamed(text: string): number | undefined {
  const name = text.toUpperCase().replace(/^BPF_MAP_TYPE_/, '');
  return (MapType as Readonly<Record<string, number>>)[name];
}

function readMaps(documents: readonly unknown[]): CaseMap[] {
  const maps: CaseMap[] = [];
  for (const [index, document] of documents.entries()) {
    const where = `maps[${index}].`;
    const fields = CaseFields.of(document, where, MAP_MEMBERS);
    maps.push(readMap(fields, index, maps, where));
  }
  return maps;
}

function readMap(fields: CaseFields, index: number, before: readonly CaseMap[], where: string): CaseMap {
  const extra = fields.number('extra');
  const inner = fields.has('inner') ? before[fields.number('inner')] : undefined;
  if (fields.has('inner') && !inner)
    throw new CaseError(`${where}inner: the index of an earlier map is wanted`);
  const spec: MapSpec = {
    name: `m${index}`,
    type: fields.enumerator('type', mapTypeNamed, 'a map type such as hash'),
    keySize: fields.number('key'),
    valueSize: fields.number('value'),
    maxEntries: fields.number('max'),
    flags: fields.number('flags'),
    keyTypeId: fields.number('key_btf'),
    valueTypeId: fields.number('value_btf'),
    ...(extra && { mapExtra: extra }),
    ...(inner && { inner: inner.spec }),
  };
  const entries = fields.list('entries').map((entry, at) => {
    const pair = CaseFields.of(entry, `${where}entries[${at}].`, ['key', 'value']);
    return [pair.bytes('key') ?? new Uint8Array(0), pair.bytes('value') ?? new Uint8Array(0)] as const;
  });
  return { spec, entries, isFrozen: fields.flag('frozen') };
}
