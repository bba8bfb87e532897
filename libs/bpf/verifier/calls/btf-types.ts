import type { Btf, BtfType } from '@probed/btf';
import { contextView, ProgType, programType } from '@probed/spec';
import type { VerifierEnv } from '../env';

/** `btf_type_is_scalar`. */
export function isScalarType(type: BtfType): boolean {
  return type.kind === 'int' || type.kind === 'enum' || type.kind === 'enum64';
}

/** kernel/bpf/btf.c: btf_type_str. */
export function btfKindStr(type: BtfType): string {
  return type.kind === 'void' ? 'UNKNOWN' : type.kind.toUpperCase();
}

const PROJECTIONS: Readonly<Record<string, string>> = { __sk_buff: 'sk_buff', xdp_md: 'xdp_buff' };

/** Whether a context struct stands for one of the kernel's own (`btf_is_projection_of`). */
export function isProjectionOf(projection: string, struct: string): boolean {
  return PROJECTIONS[projection] === struct;
}

/** Member of `struct bpf_ctx_convert`: the context as programs see it, or as the kernel has it. */
export function ctxConvertType(env: VerifierEnv, side: 'prog' | 'kern'): number | undefined {
  const { btf } = env.facts;
  const table = btf.findByName('bpf_ctx_convert', 'struct');
  const type = table === undefined ? undefined : btf.type(table);
  if (type?.kind !== 'struct') return undefined;
  const name = `BPF_PROG_TYPE_${(programType(env.spec.type)?.name ?? '').toUpperCase()}_${side}`;
  return type.members.find((m) => m.name === name)?.typeId;
}

/** Names of the context in prototypes, a typedef and what it stands for. */
function ctxNames(env: VerifierEnv): readonly string[] {
  const id = ctxConvertType(env, 'prog');
  if (id === undefined) {
    // A kernel whose BTF lacks the table: the layouts that programs see have the same names.
    const row = programType(env.spec.type);
    const view = row && contextView(row, env.spec.expectedAttachType);
    return view ? [view.layout.struct] : [];
  }
  const { btf } = env.facts;
  return [btf.type(id).name, btf.resolve(id).name].filter((name) => name !== '');
}

const USER_PT_REGS = 'bpf_user_pt_regs_t';

/** Whether a pointer's target is the program's context (`btf_is_prog_ctx_type`). @param btf of the pointer */
export function isCtxType(env: VerifierEnv, btf: Btf, targetId: number): boolean {
  if (env.spec.type === ProgType.KPROBE && typedefOf(btf, targetId) === USER_PT_REGS) return true;
  const target = btf.resolve(targetId);
  if (target.kind !== 'struct' && target.kind !== 'union') return false;
  const names = ctxNames(env);
  return names.includes(target.name) || (names.length > 0 && isProjectionOf(names[0], target.name));
}

/** Name of the outermost typedef, qualifiers aside. */
export function typedefOf(btf: Btf, id: number): string | undefined {
  let type = btf.type(id);
  while (type.kind === 'const' || type.kind === 'volatile' || type.kind === 'type_tag')
    type = btf.type(type.typeId);
  return type.kind === 'typedef' ? type.name : undefined;
}
