import { assert, type Diagnostic, err, ok, type Result } from '@probed/base';
import { essentialName } from '../essential-name';
import type { BtfType } from '../types';
import { type AccessSpec, parseAccessSpec } from './access-spec';
import { calculateSide } from './calculate';
import { kindsCompat } from './compat';
import { invalid, unsupported } from './fault';
import { formatCoreRelo } from './format';
import { coreCategory } from './kinds';
import { matchSpec } from './match-spec';
import { CORE_RELO_KIND, type CoreRequest, type CoreResult } from './types';

/**
 * Computes one CO-RE relocation: what the instruction holds now and what it has to hold for the target kernel.
 * A field, type or enumerator that the target lacks is no error but a result (0, or `poison`). Errors
 * (`core-relocation`): bad access string, anonymous root type, candidates that disagree.
 * tools/lib/bpf/relo_core.c: bpf_core_calc_relo_insn.
 */
export function resolveCore(request: CoreRequest): Result<CoreResult> {
  const result = resolve(request);
  return result.ok
    ? result
    : err({ ...result.error, where: `CO-RE ${formatCoreRelo(request.local, request)}` });
}

function resolve(request: CoreRequest): Result<CoreResult> {
  const { local, target, typeId, kind } = request;
  if (!coreCategory(kind)) return err(unsupported(`unknown CO-RE relocation kind ${kind}`));
  if (!local.has(typeId)) return err(invalid(`type ${typeId} does not exist`));
  const spec = parseAccessSpec(local, request);
  if (!spec.ok) return spec;
  if (kind === CORE_RELO_KIND.TYPE_ID_LOCAL) return ok(localTypeId(typeId));
  if (local.type(typeId).name === '') return err(unsupported('root type is anonymous'));

  const candidates = candidatesOf(request);
  const matched: number[] = [];
  let first: { spec: AccessSpec; result: CoreResult } | undefined;
  for (const id of candidates) {
    const match = matchSpec(spec.value, kind, target, id);
    if (!match.ok) return match;
    if (!match.value) continue;
    const result = combine(kind, spec.value, match.value);
    if (!result.ok) return result;
    if (!first) first = { spec: match.value, result: result.value };
    const disagreement = disagree(first, { spec: match.value, result: result.value });
    if (disagreement) return err(disagreement);
    matched.push(id);
  }
  if (!first) return combine(kind, spec.value, undefined);
  request.candidates?.set(typeId, matched);
  return ok(first.result);
}

/** Target types of the same essential name and kind. tools/lib/bpf/libbpf.c: bpf_core_add_cands. */
function candidatesOf({ local, target, typeId, candidates }: CoreRequest): readonly number[] {
  const cached = candidates?.get(typeId);
  if (cached) return cached;
  const root = local.type(typeId);
  const all = target
    .findAllByEssentialName(essentialName(root.name))
    .filter((id) => kindsCompat(root, target.type(id)));
  // Modules are looked into for what vmlinux has nothing of (tools/lib/bpf/libbpf.c: bpf_core_find_cands).
  const own = all.filter((id) => id < target.firstId);
  const found = target.firstId > 1 && own.length > 0 ? own : all;
  candidates?.set(typeId, found);
  return found;
}

function localTypeId(typeId: number): CoreResult {
  const value = BigInt(typeId);
  return {
    origValue: value,
    value,
    poison: false,
    validate: false,
    failMemSizeAdjust: false,
    origSize: 0,
    newSize: 0,
    targetTypeId: 0,
  };
}

/** Both sides of a relocation for one candidate. relo_core.c: bpf_core_calc_relo. */
function combine(kind: number, local: AccessSpec, target: AccessSpec | undefined): Result<CoreResult> {
  const from = calculateSide(kind, local);
  if (!from.ok) return from;
  const to = calculateSide(kind, target);
  if (!to.ok) return to;
  assert(from.value !== 'absent', 'the local type has what its own path names');
  const { value: origValue, validate, size: origSize, typeId: origTypeId } = from.value;
  const common = { origValue, validate, origSize, targetTypeId: target?.rootTypeId ?? 0 };
  if (to.value === 'absent') {
    return ok({ ...common, value: 0n, poison: true, failMemSizeAdjust: false, newSize: 0 });
  }
  const { value, size: newSize, typeId } = to.value;
  const resized = target !== undefined && origSize !== newSize;
  const failMemSizeAdjust = resized && !canResize(local.btf.type(origTypeId), target.btf.type(typeId));
  return ok({ ...common, value, poison: false, failMemSizeAdjust, newSize });
}

/** Loads of pointers and unsigned integers may change width: zero extension keeps their value. */
function canResize(from: BtfType, to: BtfType): boolean {
  if (from.kind === 'ptr' && to.kind === 'ptr') return true;
  return from.kind === 'int' && to.kind === 'int' && !isPlainSigned(from) && !isPlainSigned(to);
}

/** Encoding is exactly BTF_INT_SIGNED. */
function isPlainSigned(type: BtfType): boolean {
  return type.kind === 'int' && type.signed && !type.char && !type.bool;
}

interface Outcome {
  readonly spec: AccessSpec;
  readonly result: CoreResult;
}

/** Several target types may match only if they all say the same. */
function disagree(first: Outcome, other: Outcome): Diagnostic | undefined {
  if (first.spec.bitOffset !== other.spec.bitOffset) {
    return invalid(
      `field offset ambiguity: ${other.spec.bitOffset} != ${first.spec.bitOffset}`,
      `types ${first.spec.rootTypeId} and ${other.spec.rootTypeId} of the target disagree`,
    );
  }
  const [a, b] = [other.result, first.result];
  if (a.poison !== b.poison || a.value !== b.value) {
    return invalid(`relocation decision ambiguity: ${decision(a)} != ${decision(b)}`);
  }
  return undefined;
}

function decision({ poison, value }: CoreResult): string {
  return `${poison ? 'failure' : 'success'} ${value}`;
}
