import type { Btf } from '../btf';
import { KIND, KIND_NAMES } from '../kinds';
import { visitTypeIds } from '../type-fields';
import { UnprintableError } from './fault';
import type { Limits } from './limits';
import { RawTypes } from './raw-types';

const ORDERING = 1;
const ORDERED = 2;

/**
 * Puts definitions in an order that C accepts. A type that another holds by value has to be defined before it (a strong
 * link); one that it points to may be declared only, unless it is anonymous and so defined in place (a weak link).
 * tools/lib/bpf/btf_dump.c: btf_dump_order_type.
 */
export class Orderer {
  private readonly types: RawTypes;
  private readonly state: Uint8Array;
  /** Types that some other refers to. */
  private readonly referenced: Uint8Array;
  private queue: number[] = [];

  constructor(
    private readonly btf: Btf,
    private readonly limits: Limits,
  ) {
    this.types = new RawTypes(btf);
    this.state = new Uint8Array(btf.typeCount);
    this.state[0] = ORDERED;
    this.referenced = referencedTypes(btf);
  }

  /** Definitions that the type needs and that were not given before, itself last. */
  definitionsFor(id: number): readonly number[] {
    this.queue = [];
    this.order(id, false);
    return this.queue;
  }

  /** True when the link to the type is strong. */
  private order(id: number, throughPtr: boolean): boolean {
    if (this.state[id] === ORDERED) return true;
    return this.limits.within(() => this.visit(id, throughPtr));
  }

  private visit(id: number, throughPtr: boolean): boolean {
    const { types } = this;
    const kind = types.kind(id);
    if (this.state[id] === ORDERING) {
      const declarable = (kind === KIND.struct || kind === KIND.union) && types.isNamed(id);
      if (declarable && throughPtr) return false;
      throw new UnprintableError(
        `no order of definitions satisfies C at ${KIND_NAMES[kind]} ${this.btf.type(id).name || '(anon)'} (type ${id})`,
      );
    }
    switch (kind) {
      case KIND.ptr: {
        const strong = this.order(types.typeWord(id), true);
        this.state[id] = ORDERED;
        return strong;
      }
      case KIND.array:
        return this.order(types.elementType(id), false);
      case KIND.const:
      case KIND.volatile:
      case KIND.restrict:
      case KIND.type_tag:
        return this.order(types.typeWord(id), throughPtr);
      case KIND.struct:
      case KIND.union:
        return this.composite(id, throughPtr);
      case KIND.typedef:
        return this.typedef(id, throughPtr);
      case KIND.func_proto:
        return this.prototype(id, throughPtr);
      case KIND.enum:
      case KIND.enum64:
      case KIND.fwd:
        if (types.isNamed(id) || !this.referenced[id]) this.queue.push(id);
        this.state[id] = ORDERED;
        return true;
      default:
        this.state[id] = ORDERED;
        return false;
    }
  }

  private composite(id: number, throughPtr: boolean): boolean {
    const { types } = this;
    if (throughPtr && types.isNamed(id)) return false;
    this.state[id] = ORDERING;
    types.eachEntry(id, (at) => this.order(types.words[at + 1], false));
    if (types.isNamed(id)) this.queue.push(id);
    this.state[id] = ORDERED;
    return true;
  }

  private typedef(id: number, throughPtr: boolean): boolean {
    const strong = this.order(this.types.typeWord(id), throughPtr);
    if (throughPtr && !strong) return false;
    this.queue.push(id);
    this.state[id] = ORDERED;
    return true;
  }

  private prototype(id: number, throughPtr: boolean): boolean {
    const { types } = this;
    let strong = this.order(types.typeWord(id), throughPtr);
    types.eachEntry(id, (at) => {
      strong = this.order(types.words[at + 1], throughPtr) || strong;
    });
    return strong;
  }
}

/** Marks what is referred to: an anonymous enum that is not stands for constants of its own. */
function referencedTypes(btf: Btf): Uint8Array {
  const used = new Uint8Array(btf.typeCount);
  const { words, starts } = btf.raw().section;
  for (let id = 1; id < btf.typeCount; id++) {
    // What a prototype returns counts as nobody's, as in btf_dump.c: btf_dump_mark_referenced.
    const returned = btf.kind(id) === 'func_proto' ? starts[id] + 2 : -1;
    visitTypeIds(words, starts[id], (at) => {
      if (at !== returned) used[words[at]] = 1;
    });
  }
  return used;
}
