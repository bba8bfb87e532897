import type { Btf, BtfType } from '@probed/btf';
import { AttachType, ProgType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { ctxConvertType, typedefOf } from './btf-types';

const P = ProgType;
const isU64 = (type: BtfType): boolean => type.kind === 'int' && type.size === 8;
const isStruct = (type: BtfType, name: string): boolean => type.kind === 'struct' && type.name === name;

type Rule = (type: BtfType, attachType: number) => boolean;

/** What a parameter tagged as context may point to besides the program type's own struct and `void`. */
const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [P.KPROBE, (type) => isStruct(type, 'pt_regs')],
  [P.PERF_EVENT, (type) => isStruct(type, 'pt_regs')],
  [P.RAW_TRACEPOINT, isU64],
  [P.RAW_TRACEPOINT_WRITABLE, isU64],
  [P.TRACING, isTracingCtx],
  [P.LSM, isU64],
  [P.STRUCT_OPS, isU64],
  [P.TRACEPOINT, () => true],
  [P.SYSCALL, () => true],
  [P.EXT, () => true],
]);

function isTracingCtx(type: BtfType, attachType: number): boolean {
  if (attachType === AttachType.TRACE_ITER)
    return type.kind === 'struct' && type.name.startsWith('bpf_iter__');
  if (attachType === AttachType.TRACE_RAW_TP && isStruct(type, 'bpf_raw_tracepoint_args')) return true;
  return isU64(type);
}

/** `btf_validate_prog_ctx_type`: why a parameter tagged `arg:ctx` can't be the context; undefined when it can. */
export function ctxTagComplaint(
  env: VerifierEnv,
  btf: Btf,
  targetId: number,
  index: number,
): string | undefined {
  const { type: progType, expectedAttachType } = env.spec;
  if (progType === P.KPROBE || progType === P.PERF_EVENT) {
    if (typedefOf(btf, targetId) === 'bpf_user_pt_regs_t') return undefined;
  }
  const target = btf.resolve(targetId);
  if (target.kind === 'void' || RULES.get(progType)?.(target, expectedAttachType)) return undefined;
  const canonical = ctxConvertType(env, 'prog');
  const struct = canonical === undefined ? undefined : env.facts.btf.resolve(canonical);
  if (struct?.kind !== 'struct') return `arg#${index} should be void pointer`;
  if (isStruct(target, struct.name)) return undefined;
  return `arg#${index} should be \`struct ${struct.name} *\``;
}
