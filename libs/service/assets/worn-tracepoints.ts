import type { TracepointField, TracepointFormat, TracepointFormats } from '@probed/abi';
import type { Btf, BtfStruct } from '@probed/btf';

const RECORD_PREFIX = 'trace_event_raw_';
const HEAD = 'ent';
const DYNAMIC_DATA = '__data';
const DATA_LOC = '__data_loc_';
const REL_LOC = '__rel_loc_';
const HEAD_BYTES = 8;

/**
 * The tracepoints of the reference kernel with the records of another: `struct trace_event_raw_<class>` of its BTF has
 * the fields of the format file (include/trace/stages/stage1_struct_define.h). What the other kernel lacks by BTF
 * (`btf_trace_<name>`) is not there; what BTF doesn't tell (system calls, events without a struct) stays as it is.
 */
export function wornTracepoints(formats: TracepointFormats, reference: Btf, worn: Btf): TracepointFormats {
  const classes = new RecordStructs(reference);
  return formats.adapted((format) => {
    const tracepoint = `btf_trace_${format.name}`;
    const gone = reference.findByName(tracepoint) !== undefined && worn.findByName(tracepoint) === undefined;
    if (gone) return undefined;
    const name = classes.of(format);
    const id = name === undefined ? undefined : worn.findByName(name, 'struct');
    return id === undefined ? format : withRecord(format, worn, worn.type(id) as BtfStruct);
  });
}

/** Which struct describes a tracepoint's record: its own, or that of the event class it belongs to. */
class RecordStructs {
  private bySignature: Map<string, string[]> | undefined;

  constructor(private readonly btf: Btf) {}

  of(format: TracepointFormat): string | undefined {
    const own = `${RECORD_PREFIX}${format.name}`;
    if (this.btf.findByName(own, 'struct') !== undefined) return own;
    this.bySignature ??= this.index();
    const alike = this.bySignature.get(signatureOf(format.fields)) ?? [];
    return alike.length === 1 ? alike[0] : closest(alike, own);
  }

  private index(): Map<string, string[]> {
    const index = new Map<string, string[]>();
    for (const id of this.btf.idsOfKind('struct')) {
      const type = this.btf.type(id) as BtfStruct;
      if (!type.name.startsWith(RECORD_PREFIX)) continue;
      const signature = signatureOf(fieldsOf(this.btf, type));
      index.set(signature, [...(index.get(signature) ?? []), type.name]);
    }
    return index;
  }
}

/** Names and places of fields, by which an event is matched with its class. */
function signatureOf(fields: readonly TracepointField[]): string {
  return fields.map(({ name, offset, size }) => `${name}@${offset}+${size}`).join(' ');
}

/** Of structs with the same fields, the one whose name has most words in common; undefined when none has any. */
function closest(names: readonly string[], wanted: string): string | undefined {
  const words = new Set(wanted.slice(RECORD_PREFIX.length).split('_'));
  const score = (name: string) =>
    name
      .slice(RECORD_PREFIX.length)
      .split('_')
      .filter((word) => words.has(word)).length;
  const [best] = [...names].sort((a, b) => score(b) - score(a));
  return best !== undefined && score(best) > 0 ? best : undefined;
}

function withRecord(format: TracepointFormat, btf: Btf, struct: BtfStruct): TracepointFormat {
  const known = new Map(format.fields.map((field) => [field.name, field]));
  const fields = fieldsOf(btf, struct).map((field) => {
    const old = known.get(field.name);
    if (!old || old.isArray !== field.isArray) return field;
    const { declaration, type } = old;
    const same = old.arrayLength === field.arrayLength || field.dataLoc || field.relLoc;
    return same ? { ...field, declaration, type, signed: old.signed } : { ...field, type };
  });
  const recordBytes = fields.reduce((end, field) => Math.max(end, field.offset + field.size), HEAD_BYTES);
  return { ...format, fields, recordBytes };
}

function fieldsOf(btf: Btf, struct: BtfStruct): TracepointField[] {
  return struct.members
    .filter(({ name, bits }) => name !== HEAD && name !== DYNAMIC_DATA && name !== '' && bits === 0)
    .map(({ name, typeId, offsetBits }) => fieldOf(btf, name, typeId, offsetBits / 8));
}

function fieldOf(btf: Btf, member: string, typeId: number, offset: number): TracepointField {
  const dataLoc = member.startsWith(DATA_LOC);
  const relLoc = member.startsWith(REL_LOC);
  const resolved = btf.resolve(typeId);
  const size = btf.sizeOf(typeId);
  const common = { offset, size, dataLoc, relLoc };
  if (dataLoc || relLoc) {
    const name = member.slice((dataLoc ? DATA_LOC : REL_LOC).length);
    const declaration = `${dataLoc ? '__data_loc' : '__rel_loc'} char[] ${name}`;
    return { ...common, name, declaration, type: 'char', signed: false, isArray: true, arrayLength: 0 };
  }
  if (resolved.kind === 'array') {
    const type = typeText(btf, resolved.elemTypeId);
    const declaration = `${type} ${member}[${resolved.count}]`;
    const signed = isSigned(btf, resolved.elemTypeId);
    return {
      ...common,
      name: member,
      declaration,
      type,
      signed,
      isArray: true,
      arrayLength: resolved.count,
    };
  }
  const type = typeText(btf, typeId);
  const declaration = `${type} ${member}`;
  const signed = isSigned(btf, typeId);
  return { ...common, name: member, declaration, type, signed, isArray: false, arrayLength: undefined };
}

/** C text of a field's type; records hold words, so pointers to functions and the like do not occur. */
function typeText(btf: Btf, id: number): string {
  const type = btf.type(id);
  switch (type.kind) {
    case 'ptr':
      return `${typeText(btf, type.typeId)} *`;
    case 'const':
    case 'volatile':
      return `${type.kind} ${typeText(btf, type.typeId)}`;
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${type.name || '(anon)'}`;
    case 'void':
      return 'void';
    default:
      return type.name || 'unsigned long';
  }
}

function isSigned(btf: Btf, id: number): boolean {
  const type = btf.resolve(id);
  return (type.kind === 'int' && type.signed) || (type.kind === 'enum' && type.signed);
}
