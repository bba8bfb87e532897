import type { Btf, JsonValue } from '@probed/btf';
import { formatStackFrame, type TypedEntry, type TypedVariable } from '@probed/machine';
import type { MapInfo } from '@probed/spec';
import { plainCell } from './cells';
import { type Column, formatTable } from './columns';
import type { MapDocument } from './documents';
import { explainedCell } from './explained-cell';
import { histogramText } from './histogram-text';
import { inferredColumns } from './inferred-columns';
import { type MemberColumn, memberCell, memberColumns } from './member-columns';

/** Types by which an object's maps are laid out. */
export interface MapLayout {
  readonly btf: Btf | undefined;
  readonly maps: ReadonlyMap<string, Pick<MapInfo, 'keyTypeId' | 'valueTypeId'>>;
  /** Where no type says how, the first value of a map does. */
  readonly byValue?: boolean;
}

/** How much of a map people are shown; programs get all of it with `--json`. */
export interface MapTextLimits {
  readonly rows: number;
  readonly stacks: number;
  /** The values of every CPU rather than all together. */
  readonly perCpu?: boolean;
}

const MAP_TEXT_LIMITS: MapTextLimits = { rows: 40, stacks: 20 };

/** A map at the end of a run, behind an empty line. */
export function mapText(
  map: MapDocument,
  layout: MapLayout | undefined,
  limits: MapTextLimits = MAP_TEXT_LIMITS,
): string {
  const title = `\n${map.object}: map ${map.map}`;
  if (map.stacks) return stacksText(title, map, limits.stacks);
  const histograms = (map.histograms ?? []).filter(({ buckets }) => buckets.length > 0);
  if (map.variables)
    return [variablesText(title, map), ...histograms.map(histogramText)].filter(Boolean).join('\n');
  const entries = map.entries ?? [];
  const zero = map.zero_entries ?? 0;
  const zeroNote = zero ? `, ${zero} zero` : '';
  if (entries.length === 0) return `${title} (${map.map_type}): empty${zero ? zeroNote : ''}`;
  const count = entries.length + zero;
  const head = `${title} (${map.map_type}): ${count} ${count === 1 ? 'entry' : 'entries'}${zeroNote}`;
  if (histograms.length > 0 && !limits.perCpu) {
    const shown = histograms.slice(0, limits.stacks).map(histogramText).join('\n\n');
    return `${head}\n${shown}${moreText(histograms.length, limits.stacks)}`;
  }
  const rows = sorted(entries).slice(0, limits.rows);
  return `${head}\n${entriesText(rows, map.map, layout, limits.perCpu === true)}${moreText(entries.length, limits.rows)}`;
}

function moreText(count: number, shown: number): string {
  return count > shown ? `\n… ${count - shown} more (--json prints all)` : '';
}

/** Counters by size, the rest by key. */
function sorted(entries: readonly TypedEntry[]): readonly TypedEntry[] {
  const weight = ({ value, sum }: TypedEntry) => sum ?? value;
  if (entries.every((entry) => isNumeric(weight(entry)))) {
    return [...entries].sort((a, b) => compare(weight(b), weight(a)) || compare(a.key, b.key));
  }
  return [...entries].sort((a, b) => compare(a.key, b.key));
}

function isNumeric(value: JsonValue | undefined): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value));
}

function compare(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (isNumeric(a) && isNumeric(b)) return Number(a) - Number(b);
  const [left, right] = [JSON.stringify(a) ?? '', JSON.stringify(b) ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}

function entriesText(
  entries: readonly TypedEntry[],
  map: string,
  layout: MapLayout | undefined,
  everyCpu: boolean,
): string {
  const info = layout?.maps.get(map);
  const [{ key, value, values: perCpuValues, sum, merged }] = entries;
  const keys = columnsOf(layout, info?.keyTypeId, 'KEY', key);
  const perCpu = perCpuValues !== undefined && (everyCpu || merged === undefined);
  const summed = sum !== undefined && !everyCpu;
  const values = columnsOf(layout, info?.valueTypeId, 'VALUE', value ?? perCpuValues?.[0]);
  const columns: Column[] = [
    ...keys,
    ...(perCpu && !summed ? [{ title: 'CPU', align: 'right' as const }] : []),
  ];
  const rows = entries.flatMap((entry) => {
    const head = keys.map((column) => explainedCell(column, entry.key, entry, 'key.'));
    const whole = entry.value ?? entry.merged;
    if (!perCpu) return [[...head, ...values.map((column) => explainedCell(column, whole, entry, 'value.'))]];
    if (summed) return [[...head, plainCell(entry.sum), plainCell([...(entry.values ?? [])])]];
    return (entry.values ?? []).map((value, cpu) => [
      ...head,
      String(cpu),
      ...values.map((column) => memberCell(column, value)),
    ]);
  });
  const tail: Column[] = summed ? [{ title: 'SUM', align: 'right' }, { title: 'PER CPU' }] : values;
  return formatTable([...columns, ...tail], rows);
}

function columnsOf(
  layout: MapLayout | undefined,
  typeId: number | undefined,
  title: string,
  first: JsonValue | undefined,
): MemberColumn[] {
  if (layout?.btf && typeId) return memberColumns(layout.btf, typeId, title);
  if (layout?.byValue) return inferredColumns(first, title);
  return [{ title, path: [], width: 0, align: 'left', long: false, format: plainCell }];
}

/** Not a variable to people: formats of `bpf_printk`, and pointers that only keep a type in the BTF. */
function isIncidental({ name, value }: TypedVariable): boolean {
  return /(^|\.)_{2,}fmt(\.\d+)?$/.test(name) || (value === '0x0' && /unused/.test(name));
}

function variablesText(title: string, { variables = [], histograms = [] }: MapDocument): string {
  const counted = new Set(histograms.map(({ of }) => String(of).replace(/\[.*/, '')));
  const shown = variables.filter((variable) => !isIncidental(variable) && !counted.has(variable.name));
  if (shown.length === 0) return '';
  return [title, ...shown.map(({ name, value }) => `  ${name} = ${assigned(value)}`)].join('\n');
}

function assigned(value: JsonValue): string {
  return typeof value === 'string' && !/^0x[0-9a-f]+$/.test(value) ? JSON.stringify(value) : plainCell(value);
}

function stacksText(title: string, { stacks = [], map_type: type }: MapDocument, max: number): string {
  if (stacks.length === 0) return `${title} (${type}): empty`;
  const head = `${title} (${type}): ${stacks.length} ${stacks.length === 1 ? 'stack' : 'stacks'}`;
  const shown = stacks
    .slice(0, max)
    .map(({ id, frames }) =>
      [`  stack ${id}`, ...frames.map((frame) => `    ${formatStackFrame(frame)}`)].join('\n'),
    );
  return `${head}\n${shown.join('\n')}${moreText(stacks.length, max)}`;
}
