import { type HookValue, type KernelObjects, Pointer } from '@probed/machine';
import { unwrap } from './errors';
import type { Decoder } from './values/decode';
import type { Any } from './values/value';

/** @internal What a kernel object is read and written through. */
export interface ObjectAccess {
  readonly objects: KernelObjects;
  /** A decoder of the kernel's type of that name. */
  decoder(type: string): Decoder;
}

/** How each object is read; kept apart from the object, which tests compare and print. */
const accessOf = new WeakMap<KernelObject, ObjectAccess>();

/**
 * A kernel object in emulated memory, as `machine.struct()` makes it: an argument for hooks, a value for pointer
 * members of other objects. It stays until {@link free} or until the machine is closed.
 */
export class KernelObject extends Pointer {
  /** @internal */
  static of(pointer: Pointer, access: ObjectAccess): KernelObject {
    const object = new KernelObject(pointer.address, pointer.type, pointer.bytes);
    accessOf.set(object, access);
    return object;
  }

  /** All its members as they are now; programs may have changed them. */
  read(): Any {
    const { objects, decoder } = accessOf.get(this)!;
    return decoder(this.type)(objects.read(this) ?? new Uint8Array(0));
  }

  /** Changes some members; the others stay. @throws ProbedError `kernel-object` */
  write(members: HookValue): void {
    unwrap(accessOf.get(this)!.objects.write(this, members));
  }

  /** Gives the memory back; whoever still points there sees what comes next. */
  free(): void {
    accessOf.get(this)!.objects.free(this);
  }
}
