/**
 * Random programs about what kernel functions keep on the stack, of type sched_cls, for verdicts and logs: dynptrs over
 * map values, ring-buffer records and packets, their slices and clones; loops of open-coded iterators; references to
 * tasks and CPU masks; sections. A rough model of what lives where keeps most steps lawful; some leave a check out,
 * write over an object or use it at the wrong time.
 */
import type { Prng } from '@probed/base';
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_PSEUDO_CALLEE,
  BPF_SIZE,
  type Insn,
  OP_CALL,
  OP_MAY_GOTO,
} from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import {
  aluImm,
  aluReg,
  callHelper,
  Emitter,
  exit,
  insn,
  ldMap,
  ldMapValue,
  load,
  movImm,
  movReg,
  store,
  storeImm,
} from './emitter';
import { GENERATED_MAPS } from './generate';

/** An array of one entry, which can be addressed directly, and a ring buffer. */
const DIRECT_MAP = 2;
const RING_MAP = GENERATED_MAPS.length;
const FP = 10;
const CTX = 6;
const HELPER = {
  prandom: 7,
  skbPullData: 39,
  currentComm: 16,
  fromMem: 197,
  reserve: 198,
  submit: 199,
  discard: 200,
  read: 201,
  write: 202,
  data: 203,
} as const;

/** Places of dynptrs and of iterators, and a buffer, from the frame pointer. */
const DYNPTRS = [-16, -32, -48] as const;
const ITERS = [-56, -64] as const;
const BUFFER = -96;
const BUFFER_BYTES = 16;
const SPILL = -104;

type Content = 'none' | 'local' | 'ring' | 'skb' | 'iter';

const jumpImm = (op: number, dst: number, imm: number) => insn(BPF_CLASS.JMP | op, dst, 0, 0, imm);

class KfuncWriter {
  readonly out = new Emitter();
  /** By place. */
  private readonly live = new Map<number, Content>();
  private depth = 0;

  constructor(
    private readonly prng: Prng,
    private readonly facts: KernelFacts,
  ) {}

  private chance(percent: number): boolean {
    return this.prng.below(100) < percent;
  }

  private kfunc(name: string): void {
    const id = this.facts.btf.findByName(name, 'func') ?? 0;
    this.out.emit(insn(OP_CALL, 0, BPF_PSEUDO_CALLEE.KFUNC, 0, id));
  }

  private address(reg: number, place: number): void {
    this.out.emit(movReg(reg, FP), aluImm(BPF_ALU_OP.ADD, reg, place));
  }

  private content(place: number): Content {
    return this.live.get(place) ?? 'none';
  }

  /** A place with wanted contents, or any when there is none or by way of mistake. */
  private place(places: readonly number[], ...wanted: Content[]): number | undefined {
    const fitting = places.filter((place) => wanted.includes(this.content(place)));
    if (this.chance(4)) return this.prng.pick(places);
    return fitting.length > 0 ? this.prng.pick(fitting) : undefined;
  }

  program(statements: number): Insn[] {
    this.out.emit(movReg(CTX, 1), movImm(7, 0));
    for (let off = BUFFER; off < BUFFER + BUFFER_BYTES; off += 8)
      this.out.emit(storeImm(BPF_SIZE.DW, FP, off, 0));
    for (let i = 0; i < statements; i++) this.statement();
    for (const [place, content] of this.live) if (!this.chance(2)) this.cleanUp(place, content);
    this.out.emit(movImm(0, 0), exit());
    return this.out.insns;
  }

  private statement(): void {
    const steps = [
      () => this.makeDynptr(),
      () => this.makeDynptr(),
      () => this.useDynptr(),
      () => this.useDynptr(),
      () => this.slice(),
      () => this.cloneDynptr(),
      () => this.releaseDynptr(),
      () => this.loop(),
      () => this.advance(),
      () => this.branch(),
      () => this.task(),
      () => this.section(),
      () => this.stray(),
      () => this.scalars(),
      () => this.scalars(),
    ];
    this.prng.pick(steps)();
  }

  private makeDynptr(): void {
    const place = this.place(DYNPTRS, 'none', ...(this.chance(20) ? (['local', 'skb'] as const) : []));
    if (place === undefined) return;
    const kind = this.prng.below(3);
    if (kind === 0) {
      this.out.emit(...ldMapValue(1, DIRECT_MAP, 0), movImm(2, 4 + this.prng.below(5)), movImm(3, 0));
      this.address(4, place);
      this.out.emit(callHelper(HELPER.fromMem));
      this.live.set(place, 'local');
    } else if (kind === 1) {
      this.out.emit(...ldMap(1, RING_MAP), movImm(2, 16), movImm(3, 0));
      this.address(4, place);
      this.out.emit(callHelper(HELPER.reserve));
      this.live.set(place, 'ring');
    } else {
      this.out.emit(movReg(1, CTX), movImm(2, 0));
      this.address(3, place);
      this.kfunc('bpf_dynptr_from_skb');
      this.live.set(place, 'skb');
    }
  }

  private useDynptr(): void {
    const place = this.place(DYNPTRS, 'local', 'ring', 'skb');
    if (place === undefined) return;
    const kind = this.prng.below(6);
    if (kind === 0) {
      this.address(1, BUFFER);
      this.out.emit(movImm(2, 8));
      this.address(3, place);
      this.out.emit(movImm(4, 0), movImm(5, 0), callHelper(HELPER.read));
    } else if (kind === 1) {
      this.address(1, place);
      this.out.emit(movImm(2, 0));
      this.address(3, BUFFER);
      this.out.emit(movImm(4, 8), movImm(5, 0), callHelper(HELPER.write));
    } else if (kind === 2) {
      this.address(1, place);
      this.kfunc(this.prng.pick(['bpf_dynptr_size', 'bpf_dynptr_is_null', 'bpf_dynptr_is_rdonly']));
    } else if (kind === 3) {
      this.address(1, place);
      this.out.emit(movImm(2, 1), movImm(3, 3));
      this.kfunc('bpf_dynptr_adjust');
    } else if (kind === 4) {
      this.address(1, place);
      this.out.emit(movImm(2, 0), movImm(3, 4), movImm(4, 7));
      this.kfunc('bpf_dynptr_memset');
    } else {
      this.address(1, place);
      this.out.emit(movImm(2, 0), movImm(3, 4), callHelper(HELPER.data));
      this.access(4);
    }
  }

  private slice(): void {
    const place = this.place(DYNPTRS, 'local', 'skb', 'ring');
    if (place === undefined) return;
    this.address(1, place);
    this.out.emit(movImm(2, 0));
    if (this.chance(30)) this.out.emit(movImm(3, 0));
    else this.address(3, BUFFER);
    this.out.emit(movImm(4, 8));
    this.kfunc(this.prng.pick(['bpf_dynptr_slice', 'bpf_dynptr_slice_rdwr']));
    this.access(8);
  }

  /** Reads or writes through R0, after a test mostly; meanwhile something may happen to what it points into. */
  private access(bytes: number): void {
    const { out, prng } = this;
    out.emit(movReg(8, 0));
    const skip = this.chance(94) ? out.jump(jumpImm(BPF_JMP_OP.JEQ, 8, 0)) : -1;
    if (this.chance(12)) this.useDynptrPlain();
    if (this.chance(5)) out.emit(movReg(1, CTX), movImm(2, 0), callHelper(HELPER.skbPullData));
    const off = prng.below(this.chance(95) ? bytes - 3 : bytes + 4);
    if (this.chance(60)) out.emit(load(BPF_SIZE.B, 7, 8, off));
    else out.emit(storeImm(BPF_SIZE.B, 8, off, 1));
    if (skip >= 0) out.land(skip);
    out.emit(movImm(8, 0));
  }

  private useDynptrPlain(): void {
    const place = this.place(DYNPTRS, 'local', 'ring', 'skb');
    if (place === undefined) return;
    this.address(1, place);
    this.out.emit(movImm(2, 0));
    this.address(3, BUFFER);
    this.out.emit(movImm(4, 4), movImm(5, 0), callHelper(HELPER.write));
  }

  private cloneDynptr(): void {
    const from = this.place(DYNPTRS, 'local', 'ring', 'skb');
    const to = this.place(DYNPTRS, 'none', 'local', 'skb');
    if (from === undefined || to === undefined) return;
    this.address(1, from);
    this.address(2, to);
    this.kfunc('bpf_dynptr_clone');
    // A clone of a record goes with it; the model forgets it.
    this.live.set(to, this.content(from) === 'ring' ? 'none' : this.content(from));
  }

  private releaseDynptr(): void {
    const place = this.place(DYNPTRS, 'ring');
    if (place !== undefined) this.cleanUp(place, 'ring');
  }

  private cleanUp(place: number, content: Content): void {
    if (content === 'ring') {
      this.address(1, place);
      this.out.emit(movImm(2, 0), callHelper(this.prng.pick([HELPER.submit, HELPER.discard])));
    } else if (content === 'iter') {
      this.address(1, place);
      this.kfunc('bpf_iter_num_destroy');
    } else {
      return;
    }
    this.live.set(place, 'none');
  }

  private startIter(): number | undefined {
    const place = this.place(ITERS, 'none');
    if (place === undefined) return undefined;
    this.address(1, place);
    this.out.emit(movImm(2, 0), movImm(3, this.prng.pick([0, 1, 5, 100])));
    this.kfunc('bpf_iter_num_new');
    this.live.set(place, 'iter');
    return place;
  }

  /** `for` over numbers, with whatever in it. */
  private loop(): void {
    if (this.depth > 1) return;
    const place = this.startIter();
    if (place === undefined) return;
    this.depth++;
    const { out } = this;
    const head = out.insns.length;
    this.address(1, place);
    this.kfunc('bpf_iter_num_next');
    const end = out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0));
    const before = new Map(this.live);
    out.emit(load(BPF_SIZE.W, 9, 0, 0));
    if (this.chance(40)) out.emit(aluReg(BPF_ALU_OP.ADD, 7, 9));
    if (this.chance(30)) this.indexed();
    for (let i = this.prng.below(3); i > 0; i--) this.statement();
    if (this.chance(90)) this.restore(before);
    const leave = this.chance(25) ? out.jump(jumpImm(BPF_JMP_OP.JGT, 9, 3)) : -1;
    out.jumpBack(insn(BPF_CLASS.JMP | BPF_JMP_OP.JA, 0, 0, 0, 0), head);
    out.land(end);
    if (leave >= 0) out.land(leave);
    this.depth--;
    if (!this.chance(5)) this.cleanUp(place, 'iter');
  }

  /** Gives back what a part of the program took, so that all ways on agree. */
  private restore(before: ReadonlyMap<number, Content>): void {
    for (const [place, content] of this.live) {
      if (content !== (before.get(place) ?? 'none')) this.cleanUp(place, content);
    }
    for (const place of [...DYNPTRS, ...ITERS]) {
      const was = before.get(place) ?? 'none';
      if (this.content(place) !== was && was !== 'ring' && was !== 'iter') this.live.set(place, 'none');
    }
  }

  /** An access to a map value by the counter, bounded mostly. */
  private indexed(): void {
    const { out } = this;
    out.emit(...ldMapValue(1, DIRECT_MAP, 0), movReg(2, 9));
    if (this.chance(90)) out.emit(aluImm(BPF_ALU_OP.AND, 2, 3));
    out.emit(aluReg(BPF_ALU_OP.ADD, 1, 2), load(BPF_SIZE.B, 3, 1, 0));
  }

  /** Numbers that change from round to round, in a register and on the stack, and what hangs on them. */
  private scalars(): void {
    const { out, prng } = this;
    switch (prng.below(7)) {
      case 0:
        out.emit(aluImm(BPF_ALU_OP.ADD, 7, prng.pick([1, 3, 8])));
        break;
      case 1:
        out.emit(store(BPF_SIZE.DW, FP, SPILL, 7));
        break;
      case 2:
        out.emit(load(BPF_SIZE.DW, 7, FP, SPILL));
        break;
      case 3:
        out.emit(movImm(7, prng.below(6)));
        break;
      case 4: {
        const skip = out.jump(
          jumpImm(prng.pick([BPF_JMP_OP.JGT, BPF_JMP_OP.JEQ, BPF_JMP_OP.JSLT]), 7, prng.below(40)),
        );
        if (this.depth < 3) this.statement();
        out.land(skip);
        break;
      }
      case 5:
        out.emit(...ldMapValue(1, DIRECT_MAP, 0), movReg(2, 7));
        if (this.chance(60)) out.emit(aluImm(BPF_ALU_OP.AND, 2, 31));
        out.emit(jumpImm(BPF_JMP_OP.JGT, 2, 40));
        out.insns[out.insns.length - 1].off = 2;
        out.emit(aluReg(BPF_ALU_OP.ADD, 1, 2), storeImm(BPF_SIZE.B, 1, 0, 1));
        break;
      default:
        this.mayGoto();
    }
  }

  /** A loop that may be left at any round. */
  private mayGoto(): void {
    if (this.depth > 1) return;
    this.depth++;
    const { out } = this;
    const head = out.insns.length;
    const end = out.jump(insn(OP_MAY_GOTO, 0, 0, 0, 0));
    out.emit(aluImm(BPF_ALU_OP.ADD, 7, 1));
    const before = new Map(this.live);
    if (this.chance(60)) this.statement();
    this.restore(before);
    out.jumpBack(insn(BPF_CLASS.JMP | BPF_JMP_OP.JA, 0, 0, 0, 0), head);
    out.land(end);
    this.depth--;
  }

  private advance(): void {
    const place = this.place(ITERS, 'iter');
    if (place === undefined) return;
    this.address(1, place);
    this.kfunc('bpf_iter_num_next');
    const skip = this.chance(92) ? this.out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0)) : -1;
    this.out.emit(load(BPF_SIZE.W, 7, 0, 0));
    if (skip >= 0) this.out.land(skip);
  }

  private branch(): void {
    if (this.depth > 3) return;
    this.depth++;
    this.out.emit(callHelper(HELPER.prandom));
    const skip = this.out.jump(jumpImm(BPF_JMP_OP.JGT, 0, 5));
    const before = new Map(this.live);
    for (let i = 1 + this.prng.below(2); i > 0; i--) this.statement();
    if (this.chance(92)) this.restore(before);
    this.out.land(skip);
    this.depth--;
  }

  /** A task by its pid, given back mostly. */
  private task(): void {
    const { out } = this;
    out.emit(movImm(1, 1));
    this.kfunc('bpf_task_from_pid');
    const skip = this.chance(93) ? out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0)) : -1;
    out.emit(movReg(8, 0));
    if (this.chance(40)) out.emit(load(BPF_SIZE.W, 7, 8, 0));
    if (this.chance(25)) {
      out.emit(movReg(1, 8));
      this.kfunc('bpf_task_acquire');
      const none = out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0));
      out.emit(movReg(1, 0));
      this.kfunc('bpf_task_release');
      out.land(none);
    }
    if (this.chance(96)) {
      out.emit(movReg(1, 8));
      this.kfunc('bpf_task_release');
    }
    if (this.chance(5)) out.emit(load(BPF_SIZE.W, 7, 8, 0));
    if (skip >= 0) out.land(skip);
  }

  /** Inside an RCU or non-preemptible section. */
  private section(): void {
    const [enter, leave] = this.prng.pick([
      ['bpf_rcu_read_lock', 'bpf_rcu_read_unlock'],
      ['bpf_preempt_disable', 'bpf_preempt_enable'],
    ] as const);
    this.depth++;
    this.kfunc(enter);
    if (this.depth < 4) this.statement();
    if (!this.chance(4)) this.kfunc(leave);
    this.depth--;
  }

  /** Touches the stack where objects may lie, or lets a helper do it. */
  private stray(): void {
    if (!this.chance(25)) return;
    const { out, prng } = this;
    const off = -8 * (1 + prng.below(12));
    const kind = prng.below(5);
    if (kind === 0) out.emit(storeImm(BPF_SIZE.DW, FP, off, 0));
    else if (kind === 1) out.emit(storeImm(BPF_SIZE.B, FP, off + prng.below(8), 1));
    else if (kind === 2) out.emit(store(BPF_SIZE.DW, FP, off, CTX));
    else if (kind === 3) out.emit(load(BPF_SIZE.DW, 7, FP, off));
    else {
      this.address(1, off);
      out.emit(movImm(2, 8), callHelper(HELPER.currentComm));
    }
  }
}

/** A program of about so many statements; kernel functions are named by their numbers in `facts`. */
export function generateKfuncProgram(prng: Prng, facts: KernelFacts, statements: number): Insn[] {
  return new KfuncWriter(prng, facts).program(statements);
}
