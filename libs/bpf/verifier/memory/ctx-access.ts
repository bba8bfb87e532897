import { type ContextFieldKind, contextAccess, contextView, programType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { sourceLine } from '../log/source-line';
import { withBounds } from '../scalar';
import { markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { PTR_MAYBE_NULL, PTR_TRUSTED, RegBase } from '../state/reg-type';
import type { MemAccess } from './access';
import { btfCtxAccess } from './btf-ctx';
import { checkPtrOffReg } from './region';

const POINTERS: Readonly<Record<Exclude<ContextFieldKind, 'scalar'>, number>> = {
  packet: RegBase.PTR_TO_PACKET,
  'packet-meta': RegBase.PTR_TO_PACKET_META,
  'packet-end': RegBase.PTR_TO_PACKET_END,
  'sock-common-or-null': RegBase.PTR_TO_SOCK_COMMON | PTR_MAYBE_NULL,
  socket: RegBase.PTR_TO_SOCKET,
  'socket-or-null': RegBase.PTR_TO_SOCKET | PTR_MAYBE_NULL,
  'flow-keys': RegBase.PTR_TO_FLOW_KEYS,
  'tp-buffer': RegBase.PTR_TO_TP_BUFFER,
  'trusted-btf': RegBase.PTR_TO_BTF_ID | PTR_TRUSTED,
};

const PACKET_KINDS: ReadonlySet<ContextFieldKind> = new Set(['packet', 'packet-meta', 'packet-end']);

/** What a context field gives when it is loaded (`struct bpf_insn_access_aux`). */
export interface CtxValue {
  /** Register type; SCALAR_VALUE for plain numbers. */
  readonly type: number;
  /** For PTR_TO_BTF_ID: struct in the kernel's BTF. */
  readonly btfId?: number;
  /** For PTR_TO_MEM: bytes. */
  readonly memSize?: number;
  /** Lawful values of a function's return value. */
  readonly range?: { readonly min: number; readonly max: number };
}

const SCALAR: CtxValue = { type: RegBase.SCALAR_VALUE };

/** `check_ctx_access` and what follows it: a field of the context by the program type's table. */
export function checkCtxAccess(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  checkPtrOffReg(env, reg, a.regno);
  const value = lookUp(env, a, off);
  if (!value) {
    env.complain(`invalid bpf_context access off=${off} size=${a.size}`);
    env.verbose(sourceLine(env, a.insnIdx, '; '));
    env.fail('EACCES');
  }
  env.contextBytes = Math.max(env.contextBytes, off + a.size);
  if (a.write || a.valueRegno < 0) return;
  const dst = env.curRegs[a.valueRegno];
  if (value.type === RegBase.SCALAR_VALUE) {
    markRegUnknown(env, dst);
    if (value.range) {
      const smin = BigInt(value.range.min);
      const smax = BigInt(value.range.max);
      dst.v = withBounds(dst.v, { smin, smax, s32min: value.range.min, s32max: value.range.max });
    }
    return;
  }
  dst.markPointer(value.type);
  if ((value.type & PTR_MAYBE_NULL) !== 0) dst.id = env.nextId();
  dst.btfId = value.btfId ?? 0;
  dst.memSize = value.memSize ?? 0;
  env.aux[a.insnIdx].ctxPointer = a.size === 4;
}

function lookUp(
  env: VerifierEnv,
  { size, write, signExtend, insnIdx }: MemAccess,
  off: number,
): CtxValue | undefined {
  const row = programType(env.spec.type);
  if (!row) return undefined;
  if (row.context.kind === 'btf-args') return write ? undefined : btfCtxAccess(env, off, size);
  const unprivileged = env.bpfCapable ? undefined : row.unprivilegedContext;
  const view = unprivileged ?? contextView(row, env.spec.expectedAttachType);
  const access = view && contextAccess(view, off, size, write);
  if (!access) return undefined;
  const { kind, btf, keptBytes } = access.field;
  if (write && keptBytes) env.aux[insnIdx].keptBytes = keptBytes;
  if (kind === 'scalar') return SCALAR;
  // A pointer that is loaded from 32 bits has no sign to extend.
  if (signExtend && PACKET_KINDS.has(kind)) return undefined;
  return { type: POINTERS[kind], btfId: btf ? env.facts.btf.findByName(btf, 'struct') : undefined };
}
