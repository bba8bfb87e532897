/**
 * What keeps programs of callers without CAP_PERFMON from leaking through wrongly predicted branches and masked
 * pointer arithmetic (Spectre v1, v4): paths that the processor may take in vain are walked too, and an offset that
 * moves a pointer must be one that a mask can hold in bounds. A walk in vain that fails does not refuse the program:
 * a barrier keeps the processor from the instruction (`nospec`).
 */
import { BPF_ALU_OP, type Insn, insnOp, isRegOperand, MAX_BPF_STACK } from '@probed/isa';
import type { InsnAux, VerifierEnv } from '../env';
import { checkMapAccess } from '../memory/region';
import { isConst, tnumString } from '../scalar';
import { markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import { pushStack } from './path-stack';

/** Bits of {@link InsnAux.aluState} (include/linux/bpf_verifier.h). */
const BPF_ALU_SANITIZE_SRC = 1 << 0;
const BPF_ALU_SANITIZE_DST = 1 << 1;
const BPF_ALU_NEG_VALUE = 1 << 2;
const BPF_ALU_NON_POINTER = 1 << 3;
const BPF_ALU_IMMEDIATE = 1 << 4;

const FORBIDDEN = 'pointer arithmetic with it prohibited for !root';

/** Why an operation can't be made safe by a mask (`REASON_*`). */
type Reason = 'bounds' | 'type' | 'paths' | 'limit';

/** `sanitize_needed`. */
function movesPointer(insn: Insn): boolean {
  const op = insnOp(insn);
  return op === BPF_ALU_OP.ADD || op === BPF_ALU_OP.SUB;
}

/** `can_skip_alu_sanitation`. */
function canSkip(env: VerifierEnv, insn: Insn): boolean {
  return env.bypassSpecV1 || !isRegOperand(insn) || env.aux[env.insnIdx].nospec;
}

/**
 * The side of a branch that is never taken is walked as the processor might run it (`sanitize_speculative_path`).
 * @param insn the comparison, of whose operands nothing is known on that side
 */
export function pushSpeculativeBranch(env: VerifierEnv, insn: Insn, next: number): void {
  if (env.bypassSpecV1) return;
  const { regs } = pushStack(env, next, env.insnIdx, true).curFunc;
  markRegUnknown(env, regs[insn.dst]);
  if (isRegOperand(insn)) markRegUnknown(env, regs[insn.src]);
}

/** `sanitize_val_alu`: an addition of numbers must not be one of a pointer on another path. */
export function sanitizeScalarAlu(env: VerifierEnv, insn: Insn): void {
  if (!movesPointer(insn) || canSkip(env, insn)) return;
  const reason = updateAluState(env.aux[env.insnIdx], BPF_ALU_NON_POINTER, 0);
  if (reason) refuse(env, insn, reason, false);
}

/** `update_alu_sanitation_state`: one instruction has one mask. */
function updateAluState(aux: InsnAux, state: number, limit: number): Reason | undefined {
  if (aux.aluState !== 0 && (aux.aluState !== state || aux.aluLimit !== limit)) return 'paths';
  aux.aluState = state;
  aux.aluLimit = limit;
  return undefined;
}

/** How one pointer operation is masked: known before the pointer moves, narrowed afterwards. */
export class PointerSanitizer {
  private maskToLeft = false;
  private state = 0;
  private limit = 0;
  private readonly skip: boolean;
  private readonly offsetIsImmediate: boolean;

  constructor(
    private readonly env: VerifierEnv,
    private readonly insn: Insn,
    private readonly offset: RegState,
    private readonly dst: RegState,
  ) {
    this.skip = !movesPointer(insn) || canSkip(env, insn);
    this.offsetIsImmediate = isConst(offset.v);
  }

  /** `sanitize_ptr_alu` before the operation; walks it with an offset masked to 0 as well. */
  before(ptr: RegState): void {
    const { env, dst } = this;
    if (this.skip) return;
    if (!env.cur.speculative) this.plan(ptr);
    if (this.offsetIsImmediate) return;
    const saved = ptr === dst ? undefined : dst.clone();
    if (saved) dst.copyFrom(ptr);
    pushStack(env, env.insnIdx + 1, env.insnIdx, true);
    if (saved) dst.copyFrom(saved);
  }

  private plan(ptr: RegState): void {
    const { v } = this.offset;
    const negative = v.smin < 0n;
    if (!this.offsetIsImmediate && negative !== v.smax < 0n) this.refuse('bounds');
    this.maskToLeft = (insnOp(this.insn) === BPF_ALU_OP.ADD) === negative;
    this.limit = this.pointerLimit(ptr);
    this.state =
      (negative ? BPF_ALU_NEG_VALUE : 0) |
      (this.offsetIsImmediate ? BPF_ALU_IMMEDIATE : 0) |
      (ptr === this.dst ? BPF_ALU_SANITIZE_SRC : BPF_ALU_SANITIZE_DST);
    if (!this.offsetIsImmediate) this.env.exploreAluLimits = true;
  }

  /** The same after it: the mask's window is what the pointer really moved by. */
  after(): void {
    const { env, dst } = this;
    if (this.skip || env.cur.speculative) return;
    const limit = Math.abs(this.limit - this.pointerLimit(dst));
    const reason = updateAluState(env.aux[env.insnIdx], this.state, limit);
    if (reason) this.refuse(reason);
  }

  /** `retrieve_ptr_limit`: how far the pointer is from the end of its object that it moves to. */
  private pointerLimit(ptr: RegState): number {
    const { v } = ptr;
    let max: number;
    let limit: bigint;
    if (ptr.type === RegBase.PTR_TO_STACK) {
      max = MAX_BPF_STACK + (this.maskToLeft ? 1 : 0);
      limit = -(v.value + BigInt(ptr.off));
    } else if (ptr.type === RegBase.PTR_TO_MAP_VALUE && ptr.map) {
      max = ptr.map.valueSize;
      limit = (this.maskToLeft ? v.smin : v.umax) + BigInt(ptr.off);
    } else {
      return this.refuse('type');
    }
    const limit32 = Number(BigInt.asUintN(32, limit));
    return limit32 >= max ? this.refuse('limit') : limit32;
  }

  private refuse(reason: Reason): never {
    return refuse(this.env, this.insn, reason, this.offset === this.dst);
  }
}

/** `sanitize_err`. @param offsetInDst the destination holds the offset, not the pointer */
function refuse(env: VerifierEnv, insn: Insn, reason: Reason, offsetInDst: boolean): never {
  const what = insnOp(insn) === BPF_ALU_OP.ADD ? 'add' : 'sub';
  const texts: Readonly<Record<Reason, string>> = {
    bounds: `R${offsetInDst ? insn.dst : insn.src} has unknown scalar with mixed signed bounds`,
    type: `R${offsetInDst ? insn.src : insn.dst} has pointer with unsupported alu operation`,
    paths: `R${insn.dst} tried to ${what} from different maps, paths or scalars`,
    limit: `R${insn.dst} tried to ${what} beyond pointer bounds`,
  };
  env.reject('EACCES', `${texts[reason]}, ${FORBIDDEN}`);
}

/** `sanitize_check_bounds`: a moved pointer stays inside its object. */
export function checkMovedPointer(env: VerifierEnv, dstNo: number): void {
  if (env.bypassSpecV1) return;
  const dst = env.curRegs[dstNo];
  if (dst.type === RegBase.PTR_TO_STACK) checkMovedStackPointer(env, dstNo, dst);
  if (dst.type !== RegBase.PTR_TO_MAP_VALUE) return;
  try {
    checkMapAccess(env, dstNo, dst.off, 1, false, true);
  } catch (fault) {
    env.complain(`R${dstNo} pointer arithmetic of map value goes out of range, prohibited for !root`);
    throw fault;
  }
}

/** `check_stack_access_for_ptr_arithmetic`. */
function checkMovedStackPointer(env: VerifierEnv, dstNo: number, { off, v }: RegState): void {
  const at = off + Number(BigInt.asIntN(32, v.value));
  if (!isConst(v)) {
    env.reject(
      'EACCES',
      `R${dstNo} variable stack access prohibited for !root, var_off=${tnumString(v)} off=${at}`,
    );
  }
  if (at >= 0 || at < -MAX_BPF_STACK) {
    env.reject(
      'EACCES',
      `R${dstNo} stack pointer arithmetic goes out of range, prohibited for !root; off=${at}`,
    );
  }
}
