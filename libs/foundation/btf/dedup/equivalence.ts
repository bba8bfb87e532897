import { KIND } from '../kinds';
import { HEADER_WORDS, kindFlagOf, vlenOf } from '../scan';
import { identicalTypes } from './identical';
import { compatibleEnums, equalHead, equalParamNames, equalShape, equalWhole } from './signature';
import { type DedupState, UNMAPPED } from './state';

/** Kind that a forward declaration stands for. */
const declaredKind = (info: number): number => (kindFlagOf(info) ? KIND.union : KIND.struct);

/**
 * Compares the graphs below two types, under the hypothesis that each type of the one side corresponds to one of the
 * other. What a comparison found is then recorded for good, or dropped with the next. A forward declaration
 * corresponds to the struct or union that it declares. tools/lib/bpf/btf.c: btf_dedup_is_equiv.
 *
 * Iterative, in the order in which a recursive walk would meet the types: the input chooses the depth.
 */
export class Equivalence {
  /** By id of the type that stays: its counterpart, {@link UNMAPPED} without one. */
  private readonly counterpart: Uint32Array;
  /** Ids that have a counterpart, in the order in which they got it. */
  private readonly mapped: number[] = [];
  /** Pairs still to be compared. */
  private readonly pending: number[] = [];
  /** Alike, if a declaration in the base were the type that only the split part defines. */
  private needsBase = false;

  constructor(private readonly state: DedupState) {
    this.counterpart = new Uint32Array(state.count).fill(UNMAPPED);
  }

  /** True when the graphs below are the same; {@link record} then keeps what that implies. */
  test(candidate: number, canonical: number): boolean {
    for (const id of this.mapped) this.counterpart[id] = UNMAPPED;
    this.mapped.length = 0;
    this.needsBase = false;
    this.pending.length = 0;
    this.pending.push(candidate, canonical);
    while (this.pending.length > 0) {
      const b = this.pending.pop() as number;
      const a = this.pending.pop() as number;
      this.state.spend(1);
      if (!this.compare(a, b)) return false;
    }
    return true;
  }

  /**
   * Records the correspondence that the last test found: declarations become what they declare, structs and unions of
   * the candidate those that stay. False when only declarations of the base could be settled, so that the two types
   * are not the same after all. tools/lib/bpf/btf.c: btf_dedup_merge_hypot_map.
   */
  record(): boolean {
    const { state } = this;
    const isComposite = (kind: number) => kind === KIND.struct || kind === KIND.union;
    for (const id of this.mapped) {
      const a = state.resolve(this.counterpart[id]);
      const b = state.resolve(id);
      const [kindA, kindB] = [state.kind(a), state.kind(b)];
      if (kindA !== KIND.fwd && kindB === KIND.fwd) state.map[b] = a;
      if (this.needsBase) continue;
      if (kindA === KIND.fwd && kindB !== KIND.fwd) state.map[a] = b;
      if (isComposite(kindA) && kindB !== KIND.fwd && state.isMapped(b) && !state.isMapped(a))
        state.map[a] = b;
    }
    return !this.needsBase;
  }

  private compare(a: number, canonical: number): boolean {
    const { state } = this;
    if (state.resolve(a) === state.resolve(canonical)) return true;
    const b = this.throughForward(canonical);
    const known = this.counterpart[b];
    // Compilers repeat identical types within one unit, which may stand for one another.
    if (known !== UNMAPPED) return known === a || identicalTypes(state, known, a);
    this.counterpart[b] = a;
    this.mapped.push(b);
    if (a === 0 || b === 0) return false;
    return this.compareBodies(a, b);
  }

  /** The struct or union that a declaration has become, or the type itself. */
  private throughForward(id: number): number {
    if (this.state.kind(id) !== KIND.fwd) return id;
    const target = this.state.resolve(id);
    return this.state.kind(target) === KIND.fwd ? id : target;
  }

  private compareBodies(a: number, b: number): boolean {
    const { words, starts } = this.state;
    const [startA, startB] = [starts[a], starts[b]];
    if (words[startA] !== words[startB]) return false;
    const [kindA, kindB] = [this.state.kind(a), this.state.kind(b)];
    if (kindA !== kindB) return this.declares(a, b, kindA, kindB);
    switch (kindA) {
      case KIND.int:
      case KIND.float:
      case KIND.fwd:
        return equalWhole(words, startA, startB);
      case KIND.enum:
      case KIND.enum64:
        return compatibleEnums(words, startA, startB);
      case KIND.array:
        return this.compareArrays(startA, startB);
      case KIND.struct:
      case KIND.union:
        if (!equalShape(words, startA, startB)) return false;
        this.queueEntries(startA, startB, 3);
        return true;
      case KIND.func_proto:
        if (!equalParamNames(words, startA, startB)) return false;
        this.queueEntries(startA, startB, 2);
        this.pending.push(words[startA + 2], words[startB + 2]);
        return true;
      case KIND.var:
      case KIND.datasec:
      case KIND.decl_tag:
        return false;
      default:
        if (words[startA + 1] !== words[startB + 1]) return false;
        this.pending.push(words[startA + 2], words[startB + 2]);
        return true;
    }
  }

  /** One is a declaration of the other. */
  private declares(a: number, b: number, kindA: number, kindB: number): boolean {
    const { words, starts, firstId } = this.state;
    if (kindA === KIND.fwd) return declaredKind(words[starts[a] + 1]) === kindB;
    if (kindB !== KIND.fwd || declaredKind(words[starts[b] + 1]) !== kindA) return false;
    if (b < firstId) this.needsBase = true;
    return true;
  }

  private compareArrays(a: number, b: number): boolean {
    const { words } = this.state;
    const [bodyA, bodyB] = [a + HEADER_WORDS, b + HEADER_WORDS];
    if (!equalHead(words, a, b) || words[bodyA + 2] !== words[bodyB + 2]) return false;
    this.pending.push(words[bodyA], words[bodyB], words[bodyA + 1], words[bodyB + 1]);
    return true;
  }

  /** Types of members or parameters, the last one first, since the last pushed is compared first. */
  private queueEntries(a: number, b: number, entryWords: number): void {
    const { words } = this.state;
    const vlen = vlenOf(words[a + 1]);
    this.state.spend(vlen);
    for (let i = vlen - 1; i >= 0; i--) {
      const at = HEADER_WORDS + i * entryWords + 1;
      this.pending.push(words[a + at], words[b + at]);
    }
  }
}
