import type { Btf, BtfFunc, BtfFuncProto, BtfType } from '@probed/btf';
import type { VerifierEnv } from '../env';
import type { ErrnoName } from '../reject';
import { PTR_MAYBE_NULL, PTR_TRUSTED, PTR_UNTRUSTED } from '../state/reg-type';
import { btfKindStr, isCtxType, isScalarType } from './btf-types';
import { ctxTagComplaint } from './ctx-tag';

/** What a parameter of a function of the program takes (`struct bpf_subprog_arg_info`). */
export type FuncArg =
  | { readonly kind: 'scalar' | 'ctx' | 'dynptr' | 'arena' | 'untrusted-mem' }
  | { readonly kind: 'mem'; readonly size: number; readonly nullable: boolean }
  /** A kernel object: its struct in the kernel's BTF, and flags of the pointer. */
  | { readonly kind: 'btf-id'; readonly btfId: number; readonly flags: number };

/** Why a signature can't be verified; static functions need none, and say nothing of most faults. */
export interface SignatureFault {
  readonly errno: ErrnoName;
  readonly message?: string;
}

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

/** `btf_prepare_func_args`: turns a function's BTF into what its registers hold. */
export function prepareFuncArgs(env: VerifierEnv, subprogno: number): readonly FuncArg[] | SignatureFault {
  const btf = env.options.objectBtf;
  const func = funcOf(env, subprogno);
  if (!btf || !func) return { errno: 'EFAULT', message: 'Global functions need valid BTF' };
  const proto = btf.type(func.typeId);
  if (proto.kind !== 'func_proto') return { errno: 'EFAULT', message: `Invalid BTF of func ${func.name}` };
  const fault = protoFault(btf, func, proto);
  if (fault) return fault;
  const args: FuncArg[] = [];
  for (const [i, param] of proto.params.entries()) {
    const arg = new ArgReader(env, btf, func, i).read(param.typeId);
    if ('errno' in arg) return arg;
    args.push(arg);
  }
  return args;
}

function protoFault(btf: Btf, func: BtfFunc, proto: BtfFuncProto): SignatureFault | undefined {
  const isGlobal = func.linkage === 'global';
  const count = proto.params.length;
  if (count > MAX_ARGS) {
    if (!isGlobal) return { errno: 'EINVAL' };
    const message = `Global function ${func.name}() with ${count} > ${MAX_ARGS} args. Buggy compiler.`;
    return { errno: 'EINVAL', message };
  }
  if (isScalarType(btf.resolve(proto.returnTypeId))) return undefined;
  if (!isGlobal) return { errno: 'EINVAL' };
  const message = `Global function ${func.name}() doesn't return scalar. Only those are supported.`;
  return { errno: 'EINVAL', message };
}

/** `arg:` declaration tags (tools/lib/bpf: `__arg_ctx`, `__arg_nonnull` …). */
const TAGS: ReadonlySet<string> = new Set(['ctx', 'nonnull', 'nullable', 'trusted', 'untrusted', 'arena']);

/** What has no size to check accesses against. */
const UNSIZED: ReadonlySet<string> = new Set(['void', 'fwd', 'func', 'func_proto']);

/** One parameter. */
class ArgReader {
  constructor(
    private readonly env: VerifierEnv,
    private readonly btf: Btf,
    private readonly func: BtfFunc,
    private readonly index: number,
  ) {}

  private invalid(message?: string): SignatureFault {
    return { errno: 'EINVAL', ...(message && { message: `arg#${this.index} ${message}` }) };
  }

  read(typeId: number): FuncArg | SignatureFault {
    const { btf, func, index } = this;
    const isGlobal = func.linkage === 'global';
    const tags = tagsOf(btf, func, index);
    if (tags.length > 0 && !isGlobal) {
      return { errno: 'EOPNOTSUPP', message: `arg#${index} type tag is not supported in static functions` };
    }
    if (tags.some((tag) => !TAGS.has(tag))) {
      return { errno: 'EOPNOTSUPP', message: `arg#${index} has unsupported set of tags` };
    }
    const type = btf.resolve(typeId);
    if (type.kind !== 'ptr') return this.readScalar(type, tags, isGlobal);
    return this.readPointer(type.typeId, new Set(tags), isGlobal);
  }

  private readScalar(type: BtfType, tags: readonly string[], isGlobal: boolean): FuncArg | SignatureFault {
    if (tags.length > 0) return this.invalid('has pointer tag, but is not a pointer type');
    if (isScalarType(type)) return { kind: 'scalar' };
    if (!isGlobal) return this.invalid();
    const what = `type ${btfKindStr(type)} in ${this.func.name}()`;
    return { errno: 'EINVAL', message: `Arg#${this.index} ${what} is not supported yet.` };
  }

  private readPointer(
    targetId: number,
    tags: ReadonlySet<string>,
    isGlobal: boolean,
  ): FuncArg | SignatureFault {
    const { env, btf, index } = this;
    const target = btf.resolve(targetId);
    if (tags.has('ctx') || isCtxType(env, btf, targetId)) {
      if (tags.size > (tags.has('ctx') ? 1 : 0)) return this.invalid('has invalid combination of tags');
      const message = tags.has('ctx') ? ctxTagComplaint(env, btf, targetId, index) : undefined;
      return message ? { errno: 'EINVAL', message } : { kind: 'ctx' };
    }
    if (target.kind === 'struct' && target.name === 'bpf_dynptr') {
      return tags.size > 0 ? this.invalid('has invalid combination of tags') : { kind: 'dynptr' };
    }
    if (tags.has('trusted')) return this.readTrusted(target, tags);
    if (tags.has('untrusted')) return this.readUntrusted(target, tags);
    if (tags.has('arena')) {
      return tags.size > 1 ? this.invalid('arena cannot be combined with any other tags') : { kind: 'arena' };
    }
    if (!isGlobal) return this.invalid();
    if (tags.has('nullable')) return this.invalid('has invalid combination of tags');
    if (UNSIZED.has(target.kind)) {
      const what = `reference type('${btfKindStr(target)} ${target.name}')`;
      return this.invalid(`${what} size cannot be determined: -22`);
    }
    return { kind: 'mem', size: btf.sizeOf(target.id), nullable: !tags.has('nonnull') };
  }

  private readTrusted(target: BtfType, tags: ReadonlySet<string>): FuncArg | SignatureFault {
    if (tags.has('nonnull')) return this.invalid('has invalid combination of tags');
    const btfId = this.kernelType(target);
    if (typeof btfId !== 'number') return btfId;
    return { kind: 'btf-id', btfId, flags: PTR_TRUSTED | (tags.has('nullable') ? PTR_MAYBE_NULL : 0) };
  }

  private readUntrusted(target: BtfType, tags: ReadonlySet<string>): FuncArg | SignatureFault {
    if (tags.size > 1) return this.invalid('untrusted cannot be combined with any other tags');
    if (target.kind === 'void' || isPrimitive(target)) return { kind: 'untrusted-mem' };
    const btfId = this.kernelType(target);
    if (typeof btfId !== 'number') return btfId;
    const type = this.env.facts.btf.type(btfId);
    if (type.kind !== 'struct' && type.kind !== 'union') {
      const what = `has type ${btfKindStr(type)} '${type.name}'`;
      return this.invalid(`${what}, but only struct or primitive types are allowed`);
    }
    return { kind: 'btf-id', btfId, flags: PTR_UNTRUSTED };
  }

  /** The kernel's type of the same name and kind (`btf_get_ptr_to_btf_id`). */
  private kernelType(target: BtfType): number | SignatureFault {
    const { btf } = this.env.facts;
    const name = target.name.replace(/___.*$/, '');
    const found = btf.findAllByEssentialName(name).filter((id) => btf.kind(id) === target.kind);
    if (found.length === 1) return found[0];
    const what = `arg#${this.index} reference type('${btfKindStr(target)} ${target.name}')`;
    if (found.length === 0) return { errno: 'ENOENT', message: `${what} has no matches` };
    return { errno: 'ESRCH', message: `${what} is ambiguous` };
  }
}

/** `btf_type_is_primitive`. */
function isPrimitive(type: BtfType): boolean {
  if (type.kind === 'int') return [1, 2, 4, 8, 16].includes(type.size);
  return type.kind === 'enum' || type.kind === 'enum64';
}

function tagsOf(btf: Btf, func: BtfFunc, index: number): string[] {
  const tags: string[] = [];
  for (const id of btf.idsOfKind('decl_tag')) {
    const tag = btf.type(id);
    if (tag.kind !== 'decl_tag' || tag.typeId !== func.id || tag.componentIndex !== index) continue;
    if (tag.name.startsWith('arg:')) tags.push(tag.name.slice(4));
  }
  return tags;
}
