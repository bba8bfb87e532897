import { diagnostic, err, ok, type Result, suggestion } from '@probed/base';
import type { Btf } from '@probed/btf';
import { addressOf, type KernelMemory, offsetOf } from '@probed/memory';
import { ObjectEncoder } from './object-encoder';
import { type HookValue, Pointer } from './pointer';
import { exactWord } from './words';

const EINVAL = 22;
const ENOENT = 2;
const ENOMEM = 12;
/** What is placed for one event only is kept this long: a program may look at it again when a call returns. */
const TRANSIENT_BYTES_MAX = 16 * 1024 * 1024;

interface Transient {
  readonly at: number;
  readonly bytes: number;
}

/** Kernel objects that a host makes by BTF, in the emulated kernel's memory, for hooks to hand to programs. */
export class KernelObjects {
  private readonly lasting: ObjectEncoder;
  private readonly passing: ObjectEncoder;
  private readonly held = new Set<number>();
  private readonly transients: Transient[] = [];
  private transientBytes = 0;

  constructor(
    private readonly memory: KernelMemory,
    private readonly btf: Btf,
  ) {
    this.lasting = new ObjectEncoder(btf, (bytes, type) => this.place(bytes, type));
    this.passing = new ObjectEncoder(btf, (bytes, type) => this.placeTransient(bytes, type));
  }

  /** Encodes what goes with one event; what it points to is given back later. */
  get encoder(): ObjectEncoder {
    return this.passing;
  }

  /**
   * A struct, union or typedef of the kernel, zeroed but for the members given; it stays until {@link free}.
   * @param name `file`, `struct file`, `union thread_union`, `pid_t`
   * Errors: `no-such-type` (ENOENT), `kernel-object` (EINVAL), `out-of-memory` (ENOMEM).
   */
  make(name: string, value: HookValue): Result<Pointer> {
    const typeId = this.typeId(name);
    if (!typeId.ok) return typeId;
    const bytes = this.lasting.encode(typeId.value, value);
    if (!bytes.ok) return err({ ...bytes.error, where: inside(name, bytes.error.where) });
    return this.place(bytes.value, name);
  }

  /** Bytes as they are, e.g. a string with its NUL. */
  place(bytes: Uint8Array, type: string): Result<Pointer> {
    const placed = this.allocate(bytes, type);
    if (placed.ok) this.held.add(offsetOf(Number(BigInt.asIntN(64, placed.value.address))));
    return placed;
  }

  /** Changes members of an object that {@link make} made; the others stay. */
  write(pointer: Pointer, value: HookValue): Result<null> {
    const typeId = this.typeId(pointer.type);
    if (!typeId.ok) return typeId;
    const at = this.offsetOf(pointer);
    if (at === undefined) return err(gone(pointer));
    const bytes = this.lasting.encode(typeId.value, value, this.memory.copyOut(at, pointer.bytes));
    if (!bytes.ok) return err({ ...bytes.error, where: inside(pointer.type, bytes.error.where) });
    this.memory.u8.set(bytes.value, at);
    return ok(null);
  }

  /** A copy of what lies there now; undefined outside of the kernel's memory. */
  read(pointer: Pointer): Uint8Array | undefined {
    const at = this.offsetOf(pointer);
    return at === undefined ? undefined : this.memory.copyOut(at, pointer.bytes);
  }

  free(pointer: Pointer): void {
    const at = this.offsetOf(pointer);
    if (at !== undefined && this.held.delete(at)) this.memory.free(at);
  }

  /** Id of a type by its name in C. */
  typeId(name: string): Result<number> {
    const [, tag, bare] = /^(?:(struct|union|enum)\s+)?(\w+)$/.exec(name.trim()) ?? [];
    const kinds = tag ? [tag as 'struct'] : (['struct', 'union', 'typedef', 'enum', 'int'] as const);
    for (const kind of bare ? kinds : []) {
      const id = this.btf.findByName(bare, kind);
      if (id !== undefined && this.btf.sizeOf(id) > 0) return ok(id);
    }
    const hint = suggestion(bare ?? name, this.structNames());
    return err(
      diagnostic('no-such-type', `the kernel has no type ${name} (ENOENT)`, { errno: ENOENT, hint }),
    );
  }

  private structNames(): string[] {
    return [...this.btf.idsOfKind('struct')].map((id) => this.btf.type(id).name).filter(Boolean);
  }

  private placeTransient(bytes: Uint8Array, type: string): Result<Pointer> {
    const placed = this.allocate(bytes, type);
    if (!placed.ok) return placed;
    const at = this.offsetOf(placed.value)!;
    this.transients.push({ at, bytes: bytes.length });
    this.transientBytes += bytes.length;
    while (this.transientBytes > TRANSIENT_BYTES_MAX && this.transients.length > 1) {
      const oldest = this.transients.shift()!;
      this.transientBytes -= oldest.bytes;
      this.memory.free(oldest.at);
    }
    return placed;
  }

  private allocate(bytes: Uint8Array, type: string): Result<Pointer> {
    const at = this.memory.tryAlloc(Math.max(1, bytes.length));
    if (at === undefined) {
      const message = `no memory for a ${type} of ${bytes.length} bytes (ENOMEM)`;
      return err(diagnostic('out-of-memory', message, { errno: ENOMEM }));
    }
    this.memory.u8.set(bytes, at);
    return ok(new Pointer(BigInt.asUintN(64, BigInt(addressOf(at))), type, bytes.length));
  }

  private offsetOf({ address, bytes }: Pointer): number | undefined {
    const word = exactWord(address);
    const at = word === undefined ? -1 : offsetOf(word);
    return at > 0 && at + bytes <= this.memory.sizeBytes ? at : undefined;
  }
}

function gone(pointer: Pointer) {
  const message = `${pointer.type} at 0x${pointer.address.toString(16)} is no kernel memory`;
  return diagnostic('kernel-object', message, { errno: EINVAL });
}

function inside(name: string, where: string | undefined): string {
  return where === undefined ? name : `${name}.${where}`;
}
