import type { Btf } from '../btf';
import { visitTypeIds } from '../type-fields';
import type { BtfFuncProto, BtfStruct, BtfTypedef, BtfUnion } from '../types';
import { UnprintableError } from './fault';
import type { Limits } from './limits';

const ORDERING = 1;
const ORDERED = 2;

/**
 * Puts definitions in an order that C accepts. A type that another holds by value has to be defined before it (a strong
 * link); one that it points to may be declared only, unless it is anonymous and so defined in place (a weak link).
 * tools/lib/bpf/btf_dump.c: btf_dump_order_type.
 */
export class Orderer {
  private readonly state: Uint8Array;
  /** Types that some other refers to. */
  private readonly referenced: Uint8Array;
  private queue: number[] = [];

  constructor(
    private readonly btf: Btf,
    private readonly limits: Limits,
  ) {
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
    // Functions are half of a kernel's types, and print nothing.
    if (this.btf.kind(id) === 'func') {
      this.state[id] = ORDERED;
      return false;
    }
    const type = this.btf.type(id);
    if (this.state[id] === ORDERING) {
      const declarable = (type.kind === 'struct' || type.kind === 'union') && type.name !== '';
      if (declarable && throughPtr) return false;
      throw new UnprintableError(
        `no order of definitions satisfies C at ${type.kind} ${type.name || '(anon)'} (type ${id})`,
      );
    }
    switch (type.kind) {
      case 'ptr': {
        const strong = this.order(type.typeId, true);
        this.state[id] = ORDERED;
        return strong;
      }
      case 'array':
        return this.order(type.elemTypeId, false);
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.order(type.typeId, throughPtr);
      case 'struct':
      case 'union':
        return this.composite(type, throughPtr);
      case 'typedef':
        return this.typedef(type, throughPtr);
      case 'func_proto':
        return this.prototype(type, throughPtr);
      case 'enum':
      case 'enum64':
      case 'fwd':
        if (type.name !== '' || !this.referenced[id]) this.queue.push(id);
        this.state[id] = ORDERED;
        return true;
      default:
        this.state[id] = ORDERED;
        return false;
    }
  }

  private composite(type: BtfStruct | BtfUnion, throughPtr: boolean): boolean {
    if (throughPtr && type.name !== '') return false;
    this.state[type.id] = ORDERING;
    for (const { typeId } of type.members) this.order(typeId, false);
    if (type.name !== '') this.queue.push(type.id);
    this.state[type.id] = ORDERED;
    return true;
  }

  private typedef(type: BtfTypedef, throughPtr: boolean): boolean {
    const strong = this.order(type.typeId, throughPtr);
    if (throughPtr && !strong) return false;
    this.queue.push(type.id);
    this.state[type.id] = ORDERED;
    return true;
  }

  private prototype({ returnTypeId, params }: BtfFuncProto, throughPtr: boolean): boolean {
    let strong = this.order(returnTypeId, throughPtr);
    for (const { typeId } of params) strong = this.order(typeId, throughPtr) || strong;
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
