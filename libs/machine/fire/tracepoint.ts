import { SYSCALLS, syscallByName, type TracepointField, type TracepointFormat } from '@probed/abi';
import { err, ok, type Result, suggestion } from '@probed/base';
import type { FieldValue } from '@probed/hooks';
import { addressBytes } from './addresses';
import type { Parameter } from './arguments';
import { enumerator } from './enumerators';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import { type HookValue, isMembers, Pointer } from './pointer';
import { rawParameters, rawWords } from './raw-arguments';
import { placedInUser } from './user-data';
import { argumentFault, carried, exactWord, shown } from './words';

/** Fields of a tracepoint's record by name; what is left out is zero. */
export type HookFields = { readonly [field: string]: HookValue };

/**
 * Fires a tracepoint with a record as perf would see it. Programs on its raw form run first, as far as the record tells
 * what their arguments are; names of the raw form's arguments are taken among the fields, too.
 * Errors: `no-such-hook` (ENOENT), `hook-argument` for a field that is not there or a value that does not fit it.
 */
export function fireTracepoint(
  context: FireContext,
  group: string,
  name: string,
  fields: HookFields,
  site: FireSite,
): Result<Fired> {
  const { kernel, attachEnv } = context.machine;
  const hook = kernel.hooks.tracepoint(group, name);
  const format = attachEnv.formats.get(group, name);
  if (!hook || !format) {
    const known = [...kernel.hooks.tracepointCatalogue()].map((entry) => entry.name);
    return noSuchHook(`tracepoint ${group}:${name}`, `${group}:${name}`, known);
  }
  const raw = rawParameters(context, group, name);
  const values = recordOf(context, format, fields, raw, site);
  if (!values.ok) return values;
  const words = hook.raw.size > 0 ? rawWords(context, `${group}:${name}`, raw, format, fields, site) : ok([]);
  if (!words.ok) return words;
  return context.fire(site, () => {
    hook.raw.fire(carried(words.value));
    hook.record.fire(values.value);
    return undefined;
  });
}

function recordOf(
  context: FireContext,
  format: TracepointFormat,
  given: HookFields,
  raw: readonly Parameter[],
  site: FireSite,
): Result<Record<string, FieldValue>> {
  const what = `tracepoint ${format.group}:${format.name}`;
  if (!isMembers(given)) return argumentFault('fields are an object, by name', what);
  const values: Record<string, FieldValue> = { ...implied(format) };
  for (const [name, value] of Object.entries(given)) {
    const field = format.fields.find((candidate) => candidate.name === name);
    if (!field) {
      if (raw.some((parameter) => parameter.name === name)) continue;
      const known = format.fields.map((candidate) => candidate.name);
      return argumentFault(`has no field ${name}`, what, suggestion(name, known) ?? 'it has none');
    }
    const converted = fieldValue(context, format, field, value, site);
    if (!converted.ok) return err({ ...converted.error, where: `${what}: field ${name}` });
    values[name] = converted.value;
  }
  return ok(values);
}

/** What follows from the hook itself: the number of the system call. */
function implied({ group, name }: TracepointFormat): Record<string, FieldValue> {
  const call = group === 'syscalls' ? /^sys_(?:enter|exit)_(.+)$/.exec(name)?.[1] : undefined;
  if (call === undefined) return {};
  const row = SYSCALLS.find(({ define }) => define === call) ?? syscallByName(call);
  return row ? { __syscall_nr: row.number } : {};
}

function fieldValue(
  context: FireContext,
  format: TracepointFormat,
  field: TracepointField,
  value: HookValue,
  site: FireSite,
): Result<FieldValue> {
  if (value === null) return ok(0);
  if (typeof value === 'boolean') return ok(value ? 1 : 0);
  if (value instanceof Uint8Array) return ok(value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? ok(value) : argumentFault(`${value} is no integer that is exact`);
  }
  if (typeof value === 'bigint') return ok(exactWord(value) ?? wideBytes(value));
  if (value instanceof Pointer) return ok(exactWord(value.address) ?? wideBytes(value.address));
  if (field.dataLoc || field.relLoc || field.isArray) return arrayValue(field, value);
  if (field.type.endsWith('*')) return pointerValue(context, format, field, value, site);
  const known = typeof value === 'string' ? enumerator(context.machine.facts.btf, value) : undefined;
  if (known !== undefined) return ok(known);
  return argumentFault(`${shown(value)} is no ${field.type}`);
}

/** Text, an internet address in an array of bytes, or a list of integers. */
function arrayValue(field: TracepointField, value: HookValue): Result<FieldValue> {
  if (typeof value === 'string') {
    const isText = /\bchar$/.test(field.type);
    const address = isText ? undefined : addressBytes(value);
    if (address && (field.dataLoc || address.length === field.size)) return ok(address);
    if (isText) return ok(value);
    return argumentFault(
      `${shown(value)} is no ${field.declaration}`,
      undefined,
      'give bytes, or a list of integers',
    );
  }
  if (!Array.isArray(value)) return argumentFault(`${shown(value)} is no ${field.declaration}`);
  const words: number[] = [];
  for (const item of value as readonly HookValue[]) {
    const word = typeof item === 'number' || typeof item === 'bigint' ? exactWord(BigInt(item)) : undefined;
    if (word === undefined) return argumentFault(`element ${shown(item)} is no integer that is exact`);
    words.push(word);
  }
  return ok(words);
}

/** System calls take pointers to the task's memory, all others to the kernel's. */
function pointerValue(
  context: FireContext,
  format: TracepointFormat,
  field: TracepointField,
  value: HookValue,
  site: FireSite,
): Result<FieldValue> {
  if (format.group === 'syscalls') {
    const placed = placedInUser(context, value, format.name, site);
    if (!placed.ok) return placed;
    if (typeof placed.value === 'number') return ok(placed.value);
    return argumentFault(`${shown(value)} is no ${field.type}`);
  }
  const struct = /struct (\w+) \*$/.exec(field.type)?.[1];
  const id = struct === undefined ? undefined : context.machine.facts.btf.findByName(struct, 'struct');
  const pointer = context.objects.encoder.pointTo(id ?? 0, value, '');
  if (!pointer.ok) return pointer;
  return ok(pointer.value ? (exactWord(pointer.value.address) ?? 0) : 0);
}

/** Words that no JS number holds, as the record has them. */
function wideBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes;
}
