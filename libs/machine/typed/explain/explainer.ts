import type { Btf, BtfEnum, BtfEnum64, BtfType, JsonValue } from '@probed/btf';
import type { StackFrame, SymbolSource } from '../stack-frames';
import { memberAt } from '../timestamps';
import { addressReader, type BytesText, isFamily } from './addresses';
import { type LeafMember, leafMembers } from './leaf-members';
import { durationText, flagsOf } from './number-names';
import type { ObjectEvidence } from './object-evidence';
import { NUMBER_RULES, spanUnit } from './rules';
import {
  addressAt,
  type IdReader,
  kernelAddressText,
  referenceKind,
  type StackLookup,
  stackFrames,
  stackSide,
} from './symbols';
import { argumentsLength, argumentsText, charText, isChar, mayBeText, textOf } from './text-bytes';

/** What the numbers of a value mean, beside the value itself; by path, `outer.inner`. */
export interface Explanation {
  readonly explained?: Readonly<Record<string, string>>;
  /** Stacks that members hold or refer to, innermost frame first. */
  readonly stacks?: Readonly<Record<string, readonly StackFrame[]>>;
}

/** What a value is looked up in. */
export interface ExplainSources {
  readonly symbols?: SymbolSource;
  readonly stackOf?: StackLookup;
  /** Process whose addresses the user addresses are. */
  readonly pid?: number;
}

/** One value being explained. */
interface Run extends ExplainSources {
  readonly value: JsonValue;
  readonly bytes: Uint8Array;
  readonly family: number | undefined;
  readonly explained: Record<string, string>;
  readonly stacks: Record<string, readonly StackFrame[]>;
}

type MemberExplainer = (run: Run) => void;

export type Explainer = (value: JsonValue, bytes: Uint8Array, sources: ExplainSources) => Explanation;

const NOTHING: Explanation = {};

/**
 * Compiles what can be said of the values of a type beside their numbers: addresses, ports, flags, errno, signals,
 * states, devices, spans of time, symbols and stacks (docs/output.md has the rules). Each needs two pieces of
 * evidence; what has not both stays a number.
 *
 * @param name what a value that is no struct is called, e.g. the map's
 */
export function compileExplainer(
  btf: Btf,
  typeId: number,
  evidence: ObjectEvidence,
  name = '',
): Explainer | undefined {
  const leaves = leafMembers(btf, typeId).map((leaf) => (leaf.path.length === 0 ? { ...leaf, name } : leaf));
  const family = leaves.find(isFamily);
  const explainers = leaves.flatMap((leaf) => memberExplainer(btf, leaf, family, evidence) ?? []);
  if (explainers.length === 0) return undefined;
  return (value, bytes, sources) => {
    const run: Run = {
      ...sources,
      value,
      bytes,
      family: family && asNumber(memberAt(value, family.path)),
      explained: {},
      stacks: {},
    };
    for (const explain of explainers) explain(run);
    const { explained, stacks } = run;
    const [texts, found] = [Object.keys(explained).length > 0, Object.keys(stacks).length > 0];
    return texts || found ? { ...(texts && { explained }), ...(found && { stacks }) } : NOTHING;
  };
}

function memberExplainer(
  btf: Btf,
  leaf: LeafMember,
  family: LeafMember | undefined,
  evidence: ObjectEvidence,
): MemberExplainer | undefined {
  const reference = referenceKind(leaf, elementBytes(btf, leaf.type));
  if (reference === 'stack-id' || reference === 'stack-array') return referenceExplainer(leaf, reference);
  const address = addressReader(leaf, family !== undefined, evidence);
  if (address) return bytesExplainer(leaf, address);
  if (reference) return referenceExplainer(leaf, reference);
  const { type } = leaf;
  if (type.kind === 'array') return arrayExplainer(btf, leaf, type.elemTypeId);
  if (type.kind === 'enum' || type.kind === 'enum64') return enumExplainer(leaf, type);
  return type.kind === 'int' ? numberExplainer(leaf, evidence) : undefined;
}

function elementBytes(btf: Btf, type: BtfType): number {
  return type.kind === 'array' ? btf.sizeOf(type.elemTypeId) : 0;
}

function numberExplainer(leaf: LeafMember, evidence: ObjectEvidence): MemberExplainer | undefined {
  const { name, path, bytes } = leaf;
  const key = path.join('.');
  if (isChar(leaf)) return textExplainer(path, key, charText);
  const unit = spanUnit(name);
  if (unit !== undefined) {
    return textExplainer(path, key, (value) => durationText(value * unit));
  }
  const rule = NUMBER_RULES.find(
    (one) =>
      one.name.test(name) &&
      (one.bytes ?? [1, 2, 4, 8]).includes(bytes) &&
      (one.when?.(leaf, evidence) ?? true),
  );
  return rule && textExplainer(path, key, rule.text);
}

function textExplainer(
  path: readonly string[],
  key: string,
  text: (value: number) => string | undefined,
): MemberExplainer {
  return (run) => {
    const value = asNumber(memberAt(run.value, path));
    const told = value === undefined ? undefined : text(value);
    if (told !== undefined) run.explained[key] = told;
  };
}

function bytesExplainer({ path, offset, bytes }: LeafMember, text: BytesText): MemberExplainer {
  const key = path.join('.');
  return (run) => {
    if (offset + bytes > run.bytes.length) return;
    const told = text(run.bytes.subarray(offset, offset + bytes), run.family);
    if (told !== undefined) run.explained[key] = told;
  };
}

/** An enum whose names are single bits: a number with several of them set is a set of flags. */
function enumExplainer({ path }: LeafMember, type: BtfEnum | BtfEnum64): MemberExplainer | undefined {
  const bits = type.values.filter(({ value }) => Number(value) > 0);
  const single = bits.every(({ value }) => Number.isInteger(Math.log2(Number(value))));
  if (bits.length < 3 || !single) return undefined;
  const text = flagsOf(Object.fromEntries(bits.map(({ name, value }) => [name, Number(value)])), '');
  return textExplainer(path, path.join('.'), (value) => (value > 0 ? text(value) : undefined));
}

function arrayExplainer(btf: Btf, leaf: LeafMember, elemTypeId: number): MemberExplainer | undefined {
  const { path, offset, bytes } = leaf;
  const elem = btf.resolve(elemTypeId);
  if (elem.kind !== 'int' || elem.size !== 1) return undefined;
  const key = path.join('.');
  const length = argumentsLength(leaf);
  if (length !== undefined) {
    const lengthPath = [...leaf.parent, length];
    return (run) => {
      const used = asNumber(memberAt(run.value, lengthPath));
      if (used === undefined || used <= 0 || (bytes > 0 && used > bytes)) return;
      const told = argumentsText(run.bytes.subarray(offset, offset + used));
      if (told !== undefined) run.explained[key] = told;
    };
  }
  const plainChar = elem.name === 'char' || elem.char;
  return mayBeText(leaf, !plainChar) ? bytesExplainer(leaf, textOf) : undefined;
}

function referenceExplainer({ path, offset, bytes, name }: LeafMember, kind: IdReader): MemberExplainer {
  const key = path.join('.');
  const explainers: Readonly<Record<IdReader, MemberExplainer>> = {
    'stack-id': (run) => {
      const id = asNumber(memberAt(run.value, path));
      const frames = id === undefined || id < 0 ? undefined : run.stackOf?.(id, stackSide(name));
      if (frames) run.stacks[key] = frames;
    },
    'stack-array': (run) => {
      if (!run.symbols) return;
      const frames = stackFrames(run.symbols, run.bytes.subarray(offset, offset + bytes), run.pid);
      if (frames.length > 0) run.stacks[key] = frames;
    },
    'kernel-address': (run) => {
      if (!run.symbols || offset + 8 > run.bytes.length) return;
      const told = kernelAddressText(run.symbols, addressAt(run.bytes, offset));
      if (told !== undefined) run.explained[key] = told;
    },
    cgroup: (run) => {
      const id = asNumber(memberAt(run.value, path));
      const told = id === undefined ? undefined : run.symbols?.cgroupPath(id);
      if (told !== undefined) run.explained[key] = told;
    },
  };
  return explainers[kind];
}

/** Decoded integers are numbers, or decimal strings beyond 2^53. */
function asNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
  return undefined;
}
