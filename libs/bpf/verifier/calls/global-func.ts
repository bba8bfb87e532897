import type { Btf, BtfFunc, BtfType } from '@probed/btf';
import { contextView, programType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { markPtrNotNull } from '../exec/null-check';
import { ERRNO, type ErrnoName, Rejection } from '../reject';
import { isNullScalar } from '../state/reg-ops';
import { PTR_MAYBE_NULL, RegBase } from '../state/reg-type';
import { checkArgOffset } from './func-arg';
import { checkHelperMemAccess } from './mem-arg';

/** What a parameter of a global function takes (`struct bpf_subprog_arg_info`). */
type GlobalArg =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'ctx' }
  | { readonly kind: 'mem'; readonly size: number; readonly nullable: boolean };

const MAX_ARGS = 5;

/** The FUNC of a subprogram, by func_info. */
export function funcOf(env: VerifierEnv, subprogno: number): BtfFunc | undefined {
  const { start } = env.subprogs[subprogno];
  const info = env.spec.funcInfo.find((f) => f.insn === start);
  const btf = env.options.objectBtf;
  if (!info || !btf?.has(info.typeId)) return undefined;
  const type = btf.type(info.typeId);
  return type.kind === 'func' ? type : undefined;
}

/** Why a signature is not one that can be verified. */
interface SignatureFault {
  readonly errno: ErrnoName;
  readonly message: string;
}

const cache = new WeakMap<VerifierEnv, Map<number, readonly GlobalArg[]>>();

/** Arguments of a global function; refuses the program when its signature won't do. */
function argsOf(env: VerifierEnv, subprogno: number): readonly GlobalArg[] {
  let byFunc = cache.get(env);
  if (!byFunc) {
    byFunc = new Map();
    cache.set(env, byFunc);
  }
  const known = byFunc.get(subprogno);
  if (known) return known;
  const args = prepareFuncArgs(env, subprogno);
  if ('errno' in args) env.reject(args.errno, args.message);
  byFunc.set(subprogno, args);
  return args;
}

/** The main function's signature is looked at too; what is odd about it is only noted in the log. */
export function noteMainSignature(env: VerifierEnv): void {
  if (!env.log.detailed || funcOf(env, 0)?.linkage !== 'global') return;
  const args = prepareFuncArgs(env, 0);
  if ('errno' in args) env.verbose(`${args.message}\n`);
}

/** `btf_prepare_func_args`: turns a function's BTF into what its registers hold. */
function prepareFuncArgs(env: VerifierEnv, subprogno: number): readonly GlobalArg[] | SignatureFault {
  const btf = env.options.objectBtf;
  const func = funcOf(env, subprogno);
  if (!btf || !func) return { errno: 'EFAULT', message: 'Global functions need valid BTF' };
  const proto = btf.type(func.typeId);
  if (proto.kind !== 'func_proto') return { errno: 'EFAULT', message: `Invalid BTF of func ${func.name}` };
  const { name } = func;
  if (proto.params.length > MAX_ARGS) {
    const count = `${proto.params.length} > ${MAX_ARGS}`;
    return { errno: 'EINVAL', message: `Global function ${name}() with ${count} args. Buggy compiler.` };
  }
  const returns = btf.resolve(proto.returnTypeId);
  if (returns.kind !== 'void' && !isScalarType(returns)) {
    const why = 'return value not void or scalar. Only those are supported.';
    return { errno: 'EINVAL', message: `Global function ${name}() ${why}` };
  }
  const args: GlobalArg[] = [];
  for (const [i, param] of proto.params.entries()) {
    const arg = prepareArg(env, btf, func, param.typeId, i);
    if ('errno' in arg) return arg;
    args.push(arg);
  }
  return args;
}

function isScalarType(type: BtfType): boolean {
  return type.kind === 'int' || type.kind === 'enum' || type.kind === 'enum64';
}

/** `arg:` declaration tags of a parameter. */
function tagsOf(btf: Btf, func: BtfFunc, index: number): string[] {
  const tags: string[] = [];
  for (const id of btf.idsOfKind('decl_tag')) {
    const tag = btf.type(id);
    if (tag.kind !== 'decl_tag' || tag.typeId !== func.id || tag.componentIndex !== index) continue;
    if (tag.name.startsWith('arg:')) tags.push(tag.name.slice(4));
  }
  return tags;
}

const JUDGED_TAGS: ReadonlySet<string> = new Set(['ctx', 'nonnull', 'nullable']);

function prepareArg(
  env: VerifierEnv,
  btf: Btf,
  func: BtfFunc,
  typeId: number,
  i: number,
): GlobalArg | SignatureFault {
  const tags = tagsOf(btf, func, i);
  for (const tag of tags) {
    if (tag === 'trusted' || tag === 'untrusted' || tag === 'arena') {
      env.unsupported(`argument tag ${tag} of global function ${func.name}`);
    }
    if (!JUDGED_TAGS.has(tag))
      return { errno: 'EOPNOTSUPP', message: `arg#${i} has unsupported set of tags` };
  }
  const type = btf.resolve(typeId);
  if (type.kind !== 'ptr') {
    if (tags.length > 0) {
      return { errno: 'EINVAL', message: `arg#${i} has pointer tag, but is not a pointer type` };
    }
    if (isScalarType(type)) return { kind: 'scalar' };
    const what = `type ${btfKindStr(type)} in ${func.name}()`;
    return { errno: 'EINVAL', message: `Arg#${i} ${what} is not supported yet.` };
  }
  const target = btf.resolve(type.typeId);
  if (tags.includes('ctx') || isCtxType(env, target)) return { kind: 'ctx' };
  if (target.kind === 'struct' && target.name === 'bpf_dynptr') {
    env.unsupported(`dynptr argument of global function ${func.name}`);
  }
  if (UNSIZED.has(target.kind)) {
    const what = `reference type('${btfKindStr(target)} ${target.name}')`;
    return { errno: 'EINVAL', message: `arg#${i} ${what} size cannot be determined: -22` };
  }
  return { kind: 'mem', size: btf.sizeOf(target.id), nullable: !tags.includes('nonnull') };
}

/** What has no size to check accesses against. */
const UNSIZED: ReadonlySet<string> = new Set(['void', 'fwd', 'func', 'func_proto']);

/** kernel/bpf/btf.c: btf_type_str. */
function btfKindStr(type: BtfType): string {
  return type.kind === 'void' ? 'UNKNOWN' : type.kind.toUpperCase();
}

/** Names under which a program type's context appears in prototypes (kernel/bpf/btf.c: btf_is_prog_ctx_type). */
const CTX_ALIASES: Readonly<Record<string, readonly string[]>> = {
  kprobe: ['bpf_user_pt_regs_t', 'pt_regs'],
  perf_event: ['bpf_perf_event_data', 'pt_regs', 'bpf_user_pt_regs_t'],
};

function isCtxType(env: VerifierEnv, target: BtfType): boolean {
  const row = programType(env.spec.type);
  if (!row || target.kind !== 'struct') return false;
  const names = CTX_ALIASES[row.name];
  if (names) return names.includes(target.name);
  return contextView(row, env.spec.expectedAttachType)?.layout.struct === target.name;
}

/** `btf_check_subprog_call`: what a caller passes to a global function. */
export function checkGlobalArgs(env: VerifierEnv, subprogno: number): void {
  try {
    argsOf(env, subprogno).forEach((arg, i) => {
      checkArg(env, arg, i);
    });
  } catch (fault) {
    if (!(fault instanceof Rejection) || fault.unsupported || fault.errno === ERRNO.EFAULT) throw fault;
    env.complain(`Caller passes invalid args into func#${subprogno} ('${env.subprogs[subprogno].name}')`);
    throw fault;
  }
}

function checkArg(env: VerifierEnv, arg: GlobalArg, i: number): void {
  const regno = i + 1;
  const reg = env.curRegs[regno];
  switch (arg.kind) {
    case 'scalar':
      if (reg.type !== RegBase.SCALAR_VALUE) env.reject('EINVAL', `R${regno} is not a scalar`);
      return;
    case 'ctx':
      checkArgOffset(env, regno, reg, 0);
      if (reg.type !== RegBase.PTR_TO_CTX) env.reject('EINVAL', `arg#${i} expects pointer to ctx`);
      return;
    case 'mem':
      checkArgOffset(env, regno, reg, 0);
      checkMemReg(env, regno, arg.size);
      if (!arg.nullable && (isNullScalar(reg) || (reg.type & PTR_MAYBE_NULL) !== 0)) {
        env.reject('EINVAL', `arg#${i} is expected to be non-NULL`);
      }
  }
}

/** `check_mem_reg`: the callee may read and write all of it. */
function checkMemReg(env: VerifierEnv, regno: number, size: number): void {
  const reg = env.curRegs[regno];
  if (isNullScalar(reg)) return;
  const saved = reg.clone();
  if ((reg.type & PTR_MAYBE_NULL) !== 0) markPtrNotNull(reg);
  checkHelperMemAccess(env, regno, size, false, true, undefined);
  checkHelperMemAccess(env, regno, size, true, true, undefined);
  reg.copyFrom(saved);
}

/** Registers at the entry of a global function verified on its own (`do_check_common`). */
export function setGlobalArgs(env: VerifierEnv, subprogno: number): void {
  const regs = env.curRegs;
  argsOf(env, subprogno).forEach((arg, i) => {
    const reg = regs[i + 1];
    if (arg.kind === 'scalar') reg.markUnknown(!env.bpfCapable);
    else if (arg.kind === 'ctx') reg.markPointer(RegBase.PTR_TO_CTX);
    else {
      reg.markPointer(RegBase.PTR_TO_MEM | (arg.nullable ? PTR_MAYBE_NULL : 0));
      reg.memSize = arg.size;
      if (arg.nullable) reg.id = env.nextId();
    }
  });
}
