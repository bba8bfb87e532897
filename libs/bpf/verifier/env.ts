import type { Btf } from '@probed/btf';
import { type Insn, insnSuccessors } from '@probed/isa';
import type { KernelFacts, LineInfo, MapInfo, ProgramSpec } from '@probed/spec';
import type { WalkObserver } from './explain/recorder';
import { LogBuffer } from './log/log-buffer';
import type { AttachTarget } from './memory/btf-ctx';
import type { ExploredState } from './pruning/explored';
import { SccVisits } from './pruning/scc';
import { BpfLiveness } from './pruning/stack-liveness';
import { ERRNO, type ErrnoName, Rejection } from './reject';
import type { FuncState } from './state/func-state';
import type { RegState } from './state/reg-state';
import { type JmpHistoryEntry, VerifierState } from './state/verifier-state';

/** What the caller of {@link verify} chooses. */
export interface VerifyOptions {
  /** `attr.log_level`: 1 the path to the failure, 2 every path, 4 statistics; 0 the complaint alone. */
  readonly logLevel: number;
  /** Capabilities of the caller, with the kernel's names (`CAP_BPF`…); all of them when absent. */
  readonly caps?: ReadonlySet<string>;
  /** BTF of the object, for function signatures and map value types. */
  readonly objectBtf?: Btf;
  /** License of the object, e.g. `GPL`. */
  readonly license: string;
}

/** Instructions that may be processed before a privileged program is called too large (`BPF_COMPLEXITY_LIMIT_INSNS`). */
export const BPF_COMPLEXITY_LIMIT_INSNS = 1_000_000;

/** include/linux/license.h: license_is_gpl_compatible. */
const GPL_LICENSES: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** What passes note about one instruction (`struct bpf_insn_aux_data`). */
export class InsnAux {
  prunePoint = false;
  jmpPoint = false;
  forceCheckpoint = false;
  callsCallback = false;
  /** A call of `bpf_iter_*_next`. */
  iterNext = false;
  /** Strongly connected component of the control flow, 0 outside loops. */
  scc = 0;
  /** Bit i: Ri may be read at or after this instruction. */
  liveRegsBefore = 0;
  /** Reached by the symbolic walk. */
  seen = false;
  /** Register type through which the instruction accesses memory, 0 before the first visit. */
  ptrType = 0;
  /** Some path loads through a pointer that may be stale (BPF_PROBE_MEM). */
  probed = false;
  /** Context loads that give a packet pointer. */
  ctxPointer = false;
  /** Context stores of which the kernel keeps so many low bytes. */
  keptBytes: number | undefined = undefined;
  /** Calls: the one map passed on every path; `null` when paths differ. */
  map: MapInfo | null | undefined = undefined;
  /** Tail calls and array look-ups: the one constant index; -1 when paths differ, undefined before. */
  mapKey: number | undefined = undefined;
  /** Calls that take a callback: subprogram passed; -1 when paths differ. */
  callback: number | undefined = undefined;
  /** bpf_loop: flags are 0 on all paths so far. */
  inlinableLoop = false;
  /** A barrier stands before the instruction: no speculative path goes on here. */
  nospec = false;
  /** A barrier stands behind the store: what it overwrote can't be read in vain. */
  nospecResult = false;
  /** How pointer arithmetic is masked here (`BPF_ALU_*`), and by what limit in bytes; state 0 for not at all. */
  aluState = 0;
  aluLimit = 0;
  /** A spill or fill around a call that the verifier may remove. */
  fastcallPattern = false;
  /** Calls: pairs of spills and fills around it that can go. */
  fastcallSpills = 0;
  /** Conditional jumps: bit 0 the fall-through was walked, bit 1 the jump. */
  branchSides = 0;
}

/** One function of the program (`struct bpf_subprog_info`). */
export class SubprogInfo {
  hasTailCall = false;
  tailCallReachable = false;
  hasLdAbs = false;
  changesPktData = false;
  mightSleep = false;
  isCb = false;
  isAsyncCb = false;
  /** Bytes of stack used (a positive number). */
  stackDepth = 0;
  /** Bytes of stack that the code as it is uses: spills that Linux would remove included. */
  frameBytes = 0;
  /** Frame offset below which only spills around calls lie (`fastcall_stack_off`). */
  fastcallStackOff = 0;
  /** A call matches the pattern but clobbers more than its prototype tells. */
  keepFastcallStack = false;
  /** Positions of this function's instructions in {@link VerifierEnv.postorder}. */
  postorderStart = 0;
  called = false;
  /** Runs when the program throws. */
  isExceptionCb = false;

  constructor(
    readonly start: number,
    public name = '',
  ) {}
}

/** A path still to be walked (`struct bpf_verifier_stack_elem`). */
export interface PendingPath {
  readonly state: VerifierState;
  readonly insnIdx: number;
  readonly prevInsnIdx: number;
  readonly logPosition: number;
}

/** All that one verification knows; passes take it as their one argument (`struct bpf_verifier_env`). */
export class VerifierEnv {
  readonly insns: readonly Insn[];
  readonly log: LogBuffer;
  readonly aux: InsnAux[];
  subprogs: SubprogInfo[] = [];
  /** Number of the function that runs when the program throws, 0 for none. */
  exceptionCallback = 0;
  postorder: number[] = [];
  sccCount = 0;

  cur: VerifierState = new VerifierState();
  pending: PendingPath[] = [];
  readonly explored = new Map<number, ExploredState[]>();
  exploredSize = 0;
  /** Kept states that were dropped from their list while paths from them were still open. */
  evictedSize = 0;
  readonly liveness = new BpfLiveness(this);
  readonly sccs = new SccVisits(this);

  insnIdx = 0;
  prevInsnIdx = -1;
  /** History entry of the instruction in hand, once it has one. */
  curHistEnt: JmpHistoryEntry | undefined = undefined;
  idGen = 0;
  insnProcessed = 0;
  jmpsProcessed = 0;
  prevInsnProcessed = 0;
  prevJmpsProcessed = 0;
  maxStatesPerInsn = 0;
  totalStates = 0;
  peakStates = 0;
  /** Position of the log after the last printed instruction, to align the state that follows. */
  prevInsnPrintPosition = 0;
  prevLogPosition = 0;
  prevLineInfo: LineInfo | undefined = undefined;
  /** Maps named so far, in order of first use. */
  readonly usedMaps: MapInfo[] = [];
  /** The one arena that a program may name. */
  arena: MapInfo | undefined = undefined;
  /** Map each map-loading ld_imm64 names, by slot. */
  readonly mapOf = new Map<number, MapInfo>();
  /** Registers an instruction wants printed besides those it names, per frame of the current state. */
  touched = new TouchedState();

  readonly bpfCapable: boolean;
  readonly perfmonCapable: boolean;
  readonly netAdminCapable: boolean;

  constructor(
    readonly spec: ProgramSpec,
    readonly maps: ReadonlyMap<string, MapInfo>,
    readonly facts: KernelFacts,
    readonly options: VerifyOptions,
  ) {
    this.insns = spec.insns;
    this.log = new LogBuffer(options.logLevel);
    this.aux = Array.from(spec.insns, () => new InsnAux());
    this.bpfCapable = this.capable('CAP_BPF');
    this.perfmonCapable = this.capable('CAP_PERFMON');
    this.netAdminCapable = this.capable('CAP_NET_ADMIN');
  }

  /** The caller holds a capability; CAP_SYS_ADMIN stands for all that programs need (`bpf_token_capable`). */
  capable(capability: string): boolean {
    const { caps } = this.options;
    return !caps || caps.has(capability) || caps.has('CAP_SYS_ADMIN');
  }

  get allowPtrLeaks(): boolean {
    return this.perfmonCapable;
  }

  /** No walks of speculative paths, no masks, no barriers (`bypass_spec_v1`, `bypass_spec_v4`). */
  get bypassSpecV1(): boolean {
    return this.perfmonCapable;
  }

  get bypassSpecV4(): boolean {
    return this.perfmonCapable;
  }

  get allowUninitStack(): boolean {
    return this.perfmonCapable;
  }

  /** License allows GPL-only helpers and the kernel's structs (`license_is_gpl_compatible`). */
  get gplCompatible(): boolean {
    return GPL_LICENSES.has(this.options.license);
  }

  /** Kernel objects under RCU stay valid here: not sleepable, or inside a read-side section (`in_rcu_cs`). */
  get inRcuCs(): boolean {
    return this.cur.refs.activeRcuLocks > 0 || this.cur.refs.activeLocks > 0 || !this.cur.inSleepable;
  }

  /** Masks depend on exact numbers, so pruning compares them exactly (`explore_alu_limits`). */
  exploreAluLimits = false;
  /** How far the program reaches into buffers whose size its attachment knows (`max_rdonly_access`), bytes. */
  readonly bufferBytes = { rdonly: 0, rdwr: 0 };
  /** Bytes of the context that accesses reach (`max_ctx_offset`). */
  contextBytes = 0;
  /** Goes along, where someone wants an explanation. */
  observer: WalkObserver | undefined = undefined;
  /** What a tracing program hangs on; set by the attach check. */
  attach: AttachTarget | undefined = undefined;

  /** Name of a struct of the kernel (`btf_type_name`). */
  btfTypeName(id: number): string {
    return this.facts.btf.has(id) ? this.facts.btf.type(id).name : '';
  }

  /** The frame that runs now. */
  get curFunc(): FuncState {
    return this.cur.curFunc;
  }

  get curRegs(): RegState[] {
    return this.cur.curFunc.regs;
  }

  nextId(): number {
    return ++this.idGen;
  }

  /** `verbose`: text of the log, at any level but 0. */
  verbose(text: string): void {
    this.log.print(text);
  }

  /** One line of complaint that does not yet end the verification. */
  complain(message: string): void {
    this.log.complain(message);
  }

  /** Complains and gives up. */
  reject(errno: ErrnoName, message: string): never {
    this.log.complain(message);
    throw new Rejection(ERRNO[errno]);
  }

  /** Gives up after the complaint was made. */
  fail(errno: ErrnoName): never {
    throw new Rejection(ERRNO[errno]);
  }

  /** Gives up on something Linux knows and this verifier does not judge. */
  unsupported(what: string): never {
    this.log.complain(`${what} is not supported`);
    throw new Rejection(ERRNO.ENOTSUPP, true);
  }

  /** `subprog_is_global`: a function whose BTF says it has external linkage. */
  isGlobal: (subprog: number) => boolean = () => false;

  /** `bpf_find_containing_subprog`: number of the function that holds an instruction. */
  subprogOf(insn: number): number {
    let lo = 0;
    let hi = this.subprogs.length - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if (this.subprogs[mid].start <= insn) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }

  /** `find_subprog`: number of the function that starts exactly here, -1 when none does. */
  findSubprog(start: number): number {
    const n = this.subprogOf(start);
    return this.subprogs[n]?.start === start ? n : -1;
  }

  /** Slot after the last of a function. */
  subprogEnd(n: number): number {
    return n + 1 < this.subprogs.length ? this.subprogs[n + 1].start : this.insns.length;
  }

  private readonly successorTable: (readonly number[] | undefined)[] = [];

  /** Slots that may run after a slot inside the same function, the fall-through first; a call falls through. */
  successors(i: number): readonly number[] {
    let row = this.successorTable[i];
    if (!row) {
      row = insnSuccessors(this.insns, i);
      this.successorTable[i] = row;
    }
    return row;
  }

  /** The register takes part in what is printed beside the instruction (`mark_reg_scratched`). */
  markReg(regno: number): void {
    this.touched.regs |= 1 << regno;
  }
}

/** What the instruction in hand changed, for the state that is printed beside it (`scratched_regs`). */
class TouchedState {
  /** Bit i: Ri. */
  regs = 0;
  private slotsLow = 0;
  private slotsHigh = 0;

  slot(spi: number): void {
    if (spi < 32) this.slotsLow |= 1 << spi;
    else this.slotsHigh |= 1 << (spi - 32);
  }

  hasSlot(spi: number): boolean {
    return ((spi < 32 ? this.slotsLow >>> spi : this.slotsHigh >>> (spi - 32)) & 1) === 1;
  }

  get any(): boolean {
    return (this.regs | this.slotsLow | this.slotsHigh) !== 0;
  }

  clear(): void {
    this.regs = 0;
    this.slotsLow = 0;
    this.slotsHigh = 0;
  }

  all(): void {
    this.regs = -1;
    this.slotsLow = -1;
    this.slotsHigh = -1;
  }
}
