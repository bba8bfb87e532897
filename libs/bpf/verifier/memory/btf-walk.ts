import type { Btf, BtfMember, BtfStruct, BtfType, BtfUnion } from '@probed/btf';
import { MEM_PERCPU, MEM_RCU, MEM_USER, PTR_UNTRUSTED } from '../state/reg-type';

/** Where an access inside a struct of the kernel ends (`btf_struct_access`). */
export type WalkResult =
  | { readonly kind: 'scalar' }
  /** A pointer to a struct: its type id, flags of the pointer, and the member's name. */
  | { readonly kind: 'ptr'; readonly typeId: number; readonly flags: number; readonly member: string }
  /** A pointer to something else than a struct. */
  | { readonly kind: 'untrusted-mem' }
  | { readonly kind: 'error'; readonly message: string; readonly errno: 'EACCES' | 'EINVAL' };

const SCALAR: WalkResult = { kind: 'scalar' };
const TAG_FLAGS: Readonly<Record<string, number>> = { user: MEM_USER, percpu: MEM_PERCPU, rcu: MEM_RCU };
/** Nested structs that are walked; real ones are far less deep. */
const MAX_STEPS = 64;

/** Anonymous types and members have a name in messages. */
function nameOf(named: { readonly name: string }): string {
  return named.name || '(anon)';
}

function deny(message: string): WalkResult {
  return { kind: 'error', message, errno: 'EACCES' };
}

/** `btf_struct_access` with `btf_struct_walk`: what `size` bytes at `off` of a struct are. */
export function walkStruct(btf: Btf, structId: number, off: number, size: number): WalkResult {
  const walker = new Walker(btf, off, size);
  let type = btf.resolve(structId);
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = walker.step(type);
    if ('next' in next) type = next.next;
    else return next;
  }
  return deny(`struct ${nameOf(type)} is nested too deeply`);
}

/**
 * The structs that begin at `off` of a type, outermost first, as deep as the walk of one byte leads
 * (`btf_struct_walk` of `btf_struct_ids_match`).
 * @param note is told why the walk ends, where the kernel's log tells
 */
export function* structsAt(
  btf: Btf,
  structId: number,
  off: number,
  note: (message: string) => void,
): Generator<number> {
  const walker = new Walker(btf, off, 1);
  let type = btf.resolve(structId);
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = walker.step(type);
    if (!('next' in next)) {
      if (next.kind === 'error') note(next.message);
      return;
    }
    type = next.next;
    if (walker.isAtStart) yield type.id;
  }
}

interface Descent {
  readonly next: BtfType;
}

class Walker {
  private flags = 0;

  constructor(
    private readonly btf: Btf,
    private off: number,
    private readonly size: number,
  ) {}

  get isAtStart(): boolean {
    return this.off === 0;
  }

  step(type: BtfType): WalkResult | Descent {
    if (type.kind !== 'struct' && type.kind !== 'union') {
      return { kind: 'error', message: `Type '${nameOf(type)}' is not a struct`, errno: 'EINVAL' };
    }
    if (type.kind === 'union' && type.members.length !== 1) this.flags |= PTR_UNTRUSTED;
    if (this.off + this.size > type.size) return this.beyond(type);
    for (const member of type.members) {
      const start = member.offsetBits >> 3;
      if (this.off + this.size <= start) break;
      if (member.bits > 0) {
        const end = Math.ceil((member.offsetBits + member.bits) / 8);
        if (this.off <= start && end <= this.off + this.size) return SCALAR;
        continue;
      }
      if (this.off < start) break;
      const found = this.inMember(type, member, start);
      if (found) return found;
    }
    return {
      kind: 'error',
      message: `struct ${nameOf(type)} doesn't have field at offset ${this.off}`,
      errno: 'EINVAL',
    };
  }

  /** Beyond the end only a flexible array may go on. */
  private beyond(type: BtfStruct | BtfUnion): WalkResult | Descent {
    const error = deny(`access beyond struct ${nameOf(type)} at off ${this.off} size ${this.size}`);
    const last = type.members[type.members.length - 1];
    if (!last) return error;
    const array = this.btf.resolve(last.typeId);
    if (array.kind !== 'array' || array.count !== 0) return error;
    const start = last.offsetBits >> 3;
    if (this.off < start) return error;
    const elem = this.btf.resolve(array.elemTypeId);
    if (elem.kind === 'int') return SCALAR;
    if (elem.kind !== 'struct' || elem.size === 0) return error;
    this.off = (this.off - start) % elem.size;
    return { next: elem };
  }

  private inMember(outer: BtfType, member: BtfMember, memberStart: number): WalkResult | Descent | undefined {
    const bytes = this.btf.sizeOf(member.typeId);
    const end = memberStart + bytes;
    if (this.off >= end) return undefined;
    let start = memberStart;
    let type = this.btf.resolve(member.typeId);
    let elemBytes = bytes;
    while (type.kind === 'array') {
      const elem = this.btf.resolve(type.elemTypeId);
      elemBytes = this.btf.sizeOf(type.elemTypeId);
      if (elemBytes === 0) return undefined;
      start += Math.floor((this.off - start) / elemBytes) * elemBytes;
      type = elem;
    }
    if (type.kind === 'struct' || type.kind === 'union') {
      this.off -= start;
      return { next: type };
    }
    if (type.kind === 'ptr') return this.pointer(outer, member, type.typeId, start, elemBytes);
    if (this.off + this.size > end && (this.flags & PTR_UNTRUSTED) === 0) {
      return deny(
        `access beyond the end of member ${nameOf(member)} (mend:${end}) in struct ${nameOf(outer)} with off ${this.off} size ${this.size}`,
      );
    }
    return SCALAR;
  }

  private pointer(
    outer: BtfType,
    member: BtfMember,
    targetId: number,
    start: number,
    bytes: number,
  ): WalkResult {
    if (bytes !== this.size || this.off !== start) {
      return deny(
        `cannot access ptr member ${nameOf(member)} with moff ${start} in struct ${nameOf(outer)} with off ${this.off} size ${this.size}`,
      );
    }
    const tag = this.btf.type(targetId);
    if (tag.kind === 'type_tag' && !tag.attribute) this.flags |= TAG_FLAGS[tag.name] ?? 0;
    const id = this.btf.skipModifiers(targetId);
    const target = this.btf.type(id);
    if (target.kind !== 'struct' && target.kind !== 'union') return { kind: 'untrusted-mem' };
    return { kind: 'ptr', typeId: id, flags: this.flags, member: member.name };
  }
}
