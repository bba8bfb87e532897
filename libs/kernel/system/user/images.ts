import type { FunctionHook } from '@probed/hooks';
import type { Kernel } from '../kernel';
import { type ImageSpec, UserImage } from './image';

const PIE_BASE = 0x5555_0000_0000;
const LIBRARY_BASE = 0x7f00_0000_0000;

/** All executables and libraries of a node's emulated user space, with their hooks. */
export class Images {
  private readonly byName = new Map<string, UserImage>();
  private readonly names = new Map<UserImage, string>();
  private readonly sorted: UserImage[] = [];
  private readonly hooks = new Map<number, FunctionHook>();
  private nextPie: number;
  private nextLibrary: number;

  constructor(private readonly k: Kernel) {
    const prng = k.prng.fork('images');
    this.nextPie = PIE_BASE + prng.below(0x100_0000) * 4096;
    this.nextLibrary = LIBRARY_BASE + prng.below(0x100_0000) * 4096;
  }

  /** Registers an image under the name that file trees and `u.call` use. */
  add(name: string, spec: ImageSpec, library: boolean): UserImage {
    const base = library ? this.nextLibrary : this.nextPie;
    const image = new UserImage(spec, base);
    const next = base + image.textBytes + image.dataBytes + 0x20_0000;
    if (library) this.nextLibrary = next;
    else this.nextPie = next;
    this.byName.set(name, image);
    this.names.set(image, name);
    this.sorted.push(image);
    for (const symbol of image.symbols) {
      const hook = this.k.hooks.user.declareFunction(spec.path, symbol.name, symbol.address);
      this.hooks.set(symbol.address, hook);
    }
    const { path, textBytes, symbols: functions, probes } = image;
    this.k.hooks.user.declare({ path, base, textBytes, functions, probes });
    for (const alias of spec.aliases ?? []) this.k.hooks.user.alias(alias, path);
    return image;
  }

  get(name: string): UserImage {
    const image = this.byName.get(name);
    if (!image) throw new Error(`invariant broken: no image ${name}`);
    return image;
  }

  /** The name an image was registered under. */
  nameOf(image: UserImage): string {
    return this.names.get(image)!;
  }

  hook(address: number): FunctionHook {
    return this.hooks.get(address)!;
  }

  /** The image that covers an address. */
  find(address: number): UserImage | undefined {
    for (const image of this.sorted)
      if (address >= image.base && address < image.base + image.textBytes) return image;
    return undefined;
  }
}
