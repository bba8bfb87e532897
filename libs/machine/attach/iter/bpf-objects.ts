import { writeI64 } from '@probed/base';
import type { Btf } from '@probed/btf';
import { addressOf, type KernelMemory } from '@probed/memory';
import type { LoadedProgram } from '@probed/runtime';
import type { BpfLinkInfo } from '../attach-env';

/** One kernel struct made for an iterator's program, by the names of its members; freed with the walk. */
export class KernelStruct {
  readonly offset: number;
  private readonly id: number;
  private readonly owned: number[];

  constructor(
    private readonly btf: Btf,
    private readonly memory: KernelMemory,
    struct: string,
  ) {
    this.id = btf.findByName(struct, 'struct') ?? 0;
    this.offset = memory.alloc(Math.max(64, this.id === 0 ? 0 : btf.sizeOf(this.id)));
    this.owned = [this.offset];
  }

  get address(): number {
    return addressOf(this.offset);
  }

  /** An integer or a pointer; a member that this kernel lacks is left out. */
  set(member: string, value: number): this {
    const place = this.btf.member(this.id, member);
    if (place?.bits !== 0) return this;
    const at = this.offset + place.offsetBits / 8;
    const bytes = this.btf.sizeOf(place.typeId);
    const { view } = this.memory;
    if (bytes === 8) writeI64(view, at, value);
    else if (bytes === 4) view.setUint32(at, value >>> 0, true);
    else if (bytes === 2) view.setUint16(at, value & 0xffff, true);
    else if (bytes === 1) view.setUint8(at, value & 0xff);
    return this;
  }

  /** A char array. */
  text(member: string, text: string): this {
    const place = this.btf.member(this.id, member);
    if (place?.bits !== 0) return this;
    const at = this.offset + place.offsetBits / 8;
    const room = this.btf.sizeOf(place.typeId);
    this.memory.u8.fill(0, at, at + room);
    this.memory.u8.set(new TextEncoder().encode(text).subarray(0, room - 1), at);
    return this;
  }

  /** A pointer to text of its own. */
  string(member: string, text: string): this {
    const bytes = new TextEncoder().encode(`${text}\0`);
    const at = this.memory.alloc(bytes.length);
    this.memory.u8.set(bytes, at);
    this.owned.push(at);
    return this.set(member, addressOf(at));
  }

  /** Frees the struct and what {@link string} made. */
  free(): void {
    for (const at of this.owned) this.memory.free(at);
  }
}

/** `struct bpf_prog` and `struct bpf_prog_aux` of a loaded program, as far as programs ask. */
export function programStructs(btf: Btf, memory: KernelMemory, program: LoadedProgram): KernelStruct[] {
  const { spec, verified } = program;
  const aux = new KernelStruct(btf, memory, 'bpf_prog_aux')
    .set('id', program.id)
    .set('used_map_cnt', verified.maps.length)
    .set('func_cnt', verified.subprograms.length > 1 ? verified.subprograms.length : 0)
    .set('stack_depth', verified.subprograms[0]?.stackDepth ?? 0)
    .set('verified_insns', verified.processed)
    .text('name', spec.name.slice(0, 15));
  if (spec.attachTo) aux.string('attach_func_name', spec.attachTo);
  const prog = new KernelStruct(btf, memory, 'bpf_prog')
    .set('type', spec.type)
    .set('expected_attach_type', spec.expectedAttachType)
    .set('len', verified.insns.length)
    .set('aux', aux.address);
  aux.set('prog', prog.address);
  return [prog, aux];
}

/** `struct bpf_link` with its program. */
export function linkStructs(btf: Btf, memory: KernelMemory, link: BpfLinkInfo): KernelStruct[] {
  const program = programStructs(btf, memory, link.program);
  const made = new KernelStruct(btf, memory, 'bpf_link')
    .set('id', link.id)
    .set('type', link.type)
    .set('prog', program[0].address);
  return [made, ...program];
}
