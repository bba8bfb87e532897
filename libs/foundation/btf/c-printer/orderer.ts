import type { Btf } from '../btf';
import type { BtfEnum, BtfEnum64, BtfStruct, BtfTypedef, BtfUnion } from '../types';
import { cBaseType, isCBaseType } from './base-types';
import { UnprintableError } from './fault';
import type { Names } from './names';
import type { Renderer } from './render';

/** Definitions that wait for one another; a vmlinux needs a few dozen. */
const DEPTH_MAX = 400;
/** Types visited; a vmlinux takes 300,000. Prototypes nested many times over would else take forever. */
const VISITS_MAX = 8_000_000;

const OPEN = 1;
const DONE = 2;

/**
 * Emits definitions in an order that C accepts: what a type holds by value comes complete before it, what it points to
 * declared before it (structs and unions by a forward declaration, typedefs and enums by their definition).
 */
export class Orderer {
  /** Progress by id: 0, OPEN (its definition waits for others), DONE. */
  private readonly state: Uint8Array;
  /** Tags that a declaration may use. */
  private readonly declared = new Set<string>();
  private depth = 0;
  /** Struct or union being defined, whose own body needs no forward declaration of it; 0 for none. */
  private owner = 0;
  private visits = 0;

  constructor(
    private readonly btf: Btf,
    private readonly names: Names,
    private readonly renderer: Renderer,
    private readonly emit: (definition: string) => void,
  ) {
    this.state = new Uint8Array(btf.typeCount);
  }

  /** Makes a type usable by value: as a member, an array element. */
  complete(id: number): void {
    this.visit();
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'struct':
      case 'union':
        this.once(id, () => this.defineComposite(type));
        break;
      case 'typedef':
        this.complete(type.typeId);
        this.declare(id);
        break;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.complete(type.typeId);
        break;
      case 'array':
        this.complete(type.elemTypeId);
        break;
      default:
        this.declare(id);
    }
  }

  /** Makes a type usable behind a pointer or in a prototype. */
  declare(id: number): void {
    this.visit();
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'ptr':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.declare(type.typeId);
        break;
      case 'array':
        this.complete(type.elemTypeId);
        break;
      case 'func_proto':
        this.declare(type.returnTypeId);
        for (const { typeId } of type.params) this.declare(typeId);
        break;
      case 'typedef':
        this.once(id, () => this.defineTypedef(type));
        break;
      case 'struct':
      case 'union':
        if (type.name === '') this.complete(id);
        else if (id !== this.owner) this.forward(id);
        break;
      case 'fwd':
        this.forward(id);
        break;
      case 'enum':
      case 'enum64':
        if (type.name !== '') this.once(id, () => this.defineEnum(type));
        break;
      case 'int':
      case 'float':
        if (!isCBaseType(type)) {
          this.once(id, () => this.emit(`typedef ${cBaseType(type)} ${this.names.typeName(id)};`));
        }
        break;
      default:
    }
  }

  /** An anonymous enum that nothing refers to, for its constants. */
  defineEnum(type: BtfEnum | BtfEnum64): void {
    this.emit(`${this.renderer.enumeration(type, 0)};`);
  }

  private visit(): void {
    if (++this.visits > VISITS_MAX) throw new UnprintableError('the types refer to one another too often');
  }

  private once(id: number, define: () => void): void {
    if (this.state[id] === DONE) return;
    if (this.state[id] === OPEN || this.depth >= DEPTH_MAX) {
      const { kind, name } = this.btf.type(id);
      throw new UnprintableError(
        `no order of definitions satisfies C at ${kind} ${name || '(anon)'} (type ${id})`,
      );
    }
    const { owner } = this;
    this.state[id] = OPEN;
    this.depth++;
    this.owner = 0;
    define();
    this.owner = owner;
    this.depth--;
    this.state[id] = DONE;
  }

  /** An anonymous one is printed where it is used; only what it needs is emitted. */
  private defineComposite(type: BtfStruct | BtfUnion): void {
    if (type.name !== '') this.owner = type.id;
    for (const { typeId } of type.members) this.complete(typeId);
    if (type.name === '') return;
    this.emit(`${this.renderer.composite(type, 0)};`);
    this.declared.add(this.names.tag(type.id));
  }

  private defineTypedef(type: BtfTypedef): void {
    // The compiler has it built in, and some DWARF lacks what `__gnuc_va_list` stands for.
    if (type.name === '__builtin_va_list') return;
    this.declare(type.typeId);
    const name = this.names.typeName(type.id);
    const builtin = type.name === '__gnuc_va_list' && type.typeId === 0;
    this.emit(
      `typedef ${builtin ? `__builtin_va_list ${name}` : this.renderer.declaration(type.typeId, name, 0)};`,
    );
  }

  private forward(id: number): void {
    const tag = this.names.tag(id);
    if (this.declared.has(tag)) return;
    this.declared.add(tag);
    this.emit(`${tag};`);
  }
}
