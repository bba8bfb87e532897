import type { Btf } from '../btf';
import type { BtfFloat, BtfInt, BtfStruct, BtfTypedef, BtfUnion } from '../types';
import { cBaseType, isCBaseType } from './base-types';
import type { Limits } from './limits';
import type { Output } from './output';
import type { Renderer } from './renderer';

const EMITTING = 1;
const EMITTED = 2;
/** In {@link Emitter.container}: the definition stands on its own. */
const TOP_LEVEL = 0;

/**
 * Writes definitions in the order it is given them, and before each the declarations that it needs: `struct a;` for
 * what it points to, typedefs, aliases of base types that C lacks. tools/lib/bpf/btf_dump.c: btf_dump_emit_type.
 */
export class Emitter {
  private readonly state: Uint8Array;
  /** Structs declared, typedefs written, while their definition is still open. */
  private readonly declared: Uint8Array;

  constructor(
    private readonly btf: Btf,
    private readonly renderer: Renderer,
    private readonly output: Output,
    private readonly limits: Limits,
  ) {
    this.state = new Uint8Array(btf.typeCount);
    this.state[0] = EMITTED;
    this.declared = new Uint8Array(btf.typeCount);
  }

  /** Writes a definition of its own. */
  define(id: number): void {
    this.emit(id, TOP_LEVEL);
  }

  /** Writes what a type within `container` needs to be known before. */
  private emit(id: number, container: number): void {
    if (this.state[id] === EMITTED) return;
    this.limits.within(() =>
      this.state[id] === EMITTING ? this.again(id, container) : this.first(id, container),
    );
  }

  /** The type is open: its definition is what the one that needs it belongs to. */
  private again(id: number, container: number): void {
    if (this.declared[id]) return;
    const type = this.btf.type(id);
    if (type.kind === 'struct' || type.kind === 'union') {
      if (id === container || type.name === '') return;
      this.declare(type);
    } else if (type.kind === 'typedef') this.typedef(type);
  }

  private first(id: number, container: number): void {
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'int':
      case 'float':
        this.alias(type);
        this.state[id] = EMITTED;
        break;
      case 'enum':
      case 'enum64':
        if (container === TOP_LEVEL) this.statement(this.renderer.enumeration(type, 0));
        this.state[id] = EMITTED;
        break;
      case 'fwd':
        this.statement(this.renderer.forward(type));
        this.state[id] = EMITTED;
        break;
      case 'ptr':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.emit(type.typeId, container);
        break;
      case 'array':
        this.emit(type.elemTypeId, container);
        break;
      case 'func_proto':
        this.emit(type.returnTypeId, container);
        for (const { typeId } of type.params) this.emit(typeId, container);
        break;
      case 'typedef':
        this.state[id] = EMITTING;
        this.emit(type.typeId, id);
        if (!this.declared[id]) this.typedef(type);
        this.state[id] = EMITTED;
        break;
      case 'struct':
      case 'union':
        this.composite(type, container);
        break;
      default:
    }
  }

  private composite(type: BtfStruct | BtfUnion, container: number): void {
    const { id, name, members } = type;
    this.state[id] = EMITTING;
    if (container === TOP_LEVEL || name === '') {
      const inner = name === '' ? container : id;
      for (const { typeId } of members) this.emit(typeId, inner);
    } else if (!this.declared[id] && id !== container) this.declare(type);
    if (container === TOP_LEVEL) this.statement(this.renderer.composite(type, 0));
    this.state[id] = container === TOP_LEVEL ? EMITTED : 0;
  }

  private declare(type: BtfStruct | BtfUnion): void {
    this.statement(this.renderer.forward(type));
    this.declared[type.id] = 1;
  }

  /** The compiler has `__builtin_va_list` built in. */
  private typedef(type: BtfTypedef): void {
    if (type.name !== '__builtin_va_list') this.statement(this.renderer.typedef(type));
    this.declared[type.id] = 1;
  }

  private alias(type: BtfInt | BtfFloat): void {
    if (!isCBaseType(type)) this.statement(`typedef ${cBaseType(type)} ${this.renderer.baseName(type)}`);
  }

  private statement(text: string): void {
    this.output.write(text);
    this.output.write(';\n\n');
  }
}
