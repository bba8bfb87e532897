/** One field of a tracepoint's record. Offsets and sizes in bytes. */
export interface TracepointField {
  readonly name: string;
  /** C declaration as the format file has it, e.g. `char prev_comm[16]` or `__data_loc char[] filename`. */
  readonly declaration: string;
  /** C type without the array part, e.g. `char`, `const char *`. */
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** `__data_loc`: a u32 with offset (low half, from the record's start) and length (high half) of dynamic data. */
  readonly dataLoc: boolean;
  /** `__rel_loc`: as `dataLoc`, but the offset counts from the end of this field. */
  readonly relLoc: boolean;
  /**
   * Number of elements of an array as declared; 0 for `[]` (also of `__data_loc`), undefined when no array or when
   * the length is an expression that the format file prints unevaluated.
   */
  readonly arrayLength: number | undefined;
  /** True when the declaration has brackets. */
  readonly isArray: boolean;
}

/** One tracepoint's `format` file of tracefs. */
export interface TracepointFormat {
  readonly group: string;
  readonly name: string;
  /** `common_type` of the records and what PERF_TYPE_TRACEPOINT takes as config. */
  readonly id: number;
  /** The four fields that all records begin with (8 bytes). */
  readonly common: readonly TracepointField[];
  /** The tracepoint's own fields, in file order. */
  readonly fields: readonly TracepointField[];
  /** What follows `print fmt: `, as is; may hold line breaks. */
  readonly printFmt: string;
  /** Size of the fixed part of a record in bytes: the end of the last fixed field, without tail padding. */
  readonly recordBytes: number;
}

/** `struct trace_entry`: the head of each record. */
const COMMON: readonly TracepointField[] = [
  parseField('unsigned short common_type', 0, 2, false),
  parseField('unsigned char common_flags', 2, 1, false),
  parseField('unsigned char common_preempt_count', 3, 1, false),
  parseField('int common_pid', 4, 4, true),
];

/** Where an event lies in the packed text. */
interface Row {
  readonly group: string;
  readonly name: string;
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** Between fields and between the parts of one; neither occurs in a C declaration. */
const PART = '\t';

/**
 * All tracepoints of a kernel. The packed text has, an event a line, tab-separated:
 * `group/name`, id, number of fields, four columns a field (declaration, offset, size, signed), print fmt, in which
 * `\n` and `\\` are escaped. Lines are parsed when asked for.
 */
export class TracepointFormats {
  private readonly rows = new Map<string, Row>();
  private readonly ids = new Map<number, Row>();
  private readonly groupNames = new Map<string, string[]>();
  private readonly parsed = new Map<string, TracepointFormat | undefined>();

  /**
   * @param packed see {@link packTracepointFormats} of `tools/reference`
   * @param adapt what another kernel makes of a format; undefined when it lacks the tracepoint
   */
  constructor(
    private readonly packed: string,
    private readonly adapt: (format: TracepointFormat) => TracepointFormat | undefined = (format) => format,
  ) {
    for (let start = 0; start < packed.length; ) {
      const newline = packed.indexOf('\n', start);
      const end = newline < 0 ? packed.length : newline;
      this.index(start, end);
      start = end + 1;
    }
  }

  private index(start: number, end: number): void {
    const nameEnd = this.packed.indexOf(PART, start);
    const idEnd = this.packed.indexOf(PART, nameEnd + 1);
    if (nameEnd < 0 || idEnd < 0 || idEnd > end) return;
    const path = this.packed.slice(start, nameEnd);
    const slash = path.indexOf('/');
    const group = path.slice(0, slash);
    const name = path.slice(slash + 1);
    const row = { group, name, id: Number(this.packed.slice(nameEnd + 1, idEnd)), start: idEnd + 1, end };
    this.rows.set(path, row);
    this.ids.set(row.id, row);
    const names = this.groupNames.get(group);
    if (names) names.push(name);
    else this.groupNames.set(group, [name]);
  }

  get size(): number {
    return this.rows.size;
  }

  /** Names of groups (`sched`, `syscalls`, …), sorted. */
  groups(): string[] {
    return [...this.groupNames.keys()].sort();
  }

  /** Names of the tracepoints of a group, sorted; empty when there is no such group. */
  names(group: string): string[] {
    return [...(this.groupNames.get(group) ?? [])].sort();
  }

  has(group: string, name: string): boolean {
    return this.get(group, name) !== undefined;
  }

  get(group: string, name: string): TracepointFormat | undefined {
    const path = `${group}/${name}`;
    if (this.parsed.has(path)) return this.parsed.get(path);
    const row = this.rows.get(path);
    if (!row) return undefined;
    const format = this.adapt(parseRow(row, this.packed.slice(row.start, row.end)));
    this.parsed.set(path, format);
    return format;
  }

  /** The same tracepoints as another kernel has them: some with other records, some not at all. */
  adapted(adapt: (format: TracepointFormat) => TracepointFormat | undefined): TracepointFormats {
    return new TracepointFormats(this.packed, adapt);
  }

  /** By `id` file, i.e. perf's config of PERF_TYPE_TRACEPOINT. */
  byId(id: number): TracepointFormat | undefined {
    const row = this.ids.get(id);
    return row && this.get(row.group, row.name);
  }

  /** All tracepoints in order of group and name, each parsed as it is reached. */
  *all(): Generator<TracepointFormat> {
    for (const group of this.groups()) {
      for (const name of this.names(group)) {
        const format = this.get(group, name);
        if (format) yield format;
      }
    }
  }
}

function parseRow(row: Row, text: string): TracepointFormat {
  const columns = text.split(PART);
  const count = Number(columns[0]);
  const fields: TracepointField[] = [];
  for (let i = 0; i < count; i++) {
    const at = 1 + 4 * i;
    fields.push(
      parseField(columns[at], Number(columns[at + 1]), Number(columns[at + 2]), columns[at + 3] === '1'),
    );
  }
  const printFmt = columns
    .slice(1 + 4 * count)
    .join(PART)
    .replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
  const recordBytes = fields.reduce((end, f) => Math.max(end, f.offset + f.size), 8);
  return { group: row.group, name: row.name, id: row.id, common: COMMON, fields, printFmt, recordBytes };
}

/** Splits a declaration into type, name and array part as `kernel/trace/trace_events.c: f_show` prints it. */
function parseField(declaration: string, offset: number, size: number, signed: boolean): TracepointField {
  const dataLoc = declaration.startsWith('__data_loc ');
  const relLoc = declaration.startsWith('__rel_loc ');
  const space = declaration.lastIndexOf(' ');
  let type = declaration.slice(dataLoc ? 11 : relLoc ? 10 : 0, space);
  let name = declaration.slice(space + 1);
  let array: string | undefined;
  const bracket = /^([^[]*)\[(.*)\]$/;
  const match = dataLoc || relLoc ? bracket.exec(type) : bracket.exec(name);
  if (match) {
    array = match[2];
    if (dataLoc || relLoc) type = match[1];
    else name = match[1];
  }
  return {
    name,
    declaration,
    type,
    offset,
    size,
    signed,
    dataLoc,
    relLoc,
    isArray: array !== undefined,
    arrayLength: array === undefined ? undefined : /^\d*$/.test(array) ? Number(array) : undefined,
  };
}

function printField(field: TracepointField): string {
  const { declaration, offset, size, signed } = field;
  return `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed ? 1 : 0};\n`;
}

/** The text of the tracepoint's `format` file, byte for byte as Linux prints it. */
export function printTracepointFormat(format: TracepointFormat): string {
  const head = `name: ${format.name}\nID: ${format.id}\nformat:\n`;
  const common = format.common.map(printField).join('');
  const fields = format.fields.map(printField).join('');
  return `${head}${common}\n${fields}\nprint fmt: ${format.printFmt}\n`;
}
