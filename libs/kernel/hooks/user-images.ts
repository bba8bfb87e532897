import { FunctionHook } from './function-hook';

/** A function of an executable or library; user addresses as numbers. */
export interface UserFunction {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

/** One place where a USDT probe sits: the address of its nop and where its arguments are then. */
export interface UsdtSite {
  readonly provider: string;
  readonly name: string;
  readonly address: number;
  /** Argument descriptions of the `.note.stapsdt` note, e.g. `8@%rdi -4@-20(%rbp)`. */
  readonly args: string;
  /** False when no emulated program passes it. */
  readonly live: boolean;
}

/** An executable or library as probes name it. */
export interface UserImageEntry {
  readonly path: string;
  /** Where file offset 0 is mapped. */
  readonly base: number;
  readonly textBytes: number;
  readonly functions: readonly UserFunction[];
  readonly probes: readonly UsdtSite[];
}

/** Where libbpf looks for a library or a program that is named without a folder (`resolve_full_path`). */
const LIBRARY_FOLDERS = ['/usr/lib64', '/usr/lib', '/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'];
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The executables and libraries of the emulated user space: their functions and USDT probes, and what hangs there. */
export class UserImages {
  private readonly images = new Map<string, UserImageEntry>();
  private readonly aliases = new Map<string, string>();
  /** By `path:symbol`. */
  private readonly functions = new Map<string, FunctionHook>();
  /** By user address: a function's entry that is none, or a probe's nop. */
  private readonly sites = new Map<number, FunctionHook>();

  declare(image: UserImageEntry): void {
    this.images.set(image.path, image);
    for (const probe of image.probes) {
      const hook = new FunctionHook(`${probe.provider}:${probe.name}`, probe.address);
      hook.live = probe.live;
      this.sites.set(probe.address, hook);
    }
  }

  /** Declares a function that its program calls through the hook; `ip` is its user address. */
  declareFunction(path: string, symbol: string, ip: number): FunctionHook {
    const key = `${path}:${symbol}`;
    let hook = this.functions.get(key);
    if (!hook) {
      hook = new FunctionHook(symbol, ip);
      hook.live = true;
      this.functions.set(key, hook);
    }
    return hook;
  }

  /** Another path of the same file (a symbolic link, a library's soname). */
  alias(alias: string, path: string): void {
    this.aliases.set(alias, path);
  }

  /** The image of a path; a name without a folder is looked for where the loader would find it. */
  find(path: string): UserImageEntry | undefined {
    const known = this.byPath(path);
    if (known || path.includes('/')) return known;
    const folders = /\.so($|\.)/.test(path) ? LIBRARY_FOLDERS : PROGRAM_FOLDERS;
    for (const folder of folders) {
      const found = this.byPath(`${folder}/${path}`);
      if (found) return found;
    }
    return undefined;
  }

  function(path: string, symbol: string): FunctionHook | undefined {
    return this.functions.get(`${this.find(path)?.path ?? path}:${symbol}`);
  }

  /** The probe's nop, or an instruction inside a function: the latter is never reached by the emulation. */
  site(address: number): FunctionHook {
    let hook = this.sites.get(address);
    if (!hook) {
      hook = new FunctionHook(`0x${address.toString(16)}`, address);
      this.sites.set(address, hook);
    }
    return hook;
  }

  all(): Iterable<UserImageEntry> {
    return this.images.values();
  }

  allFunctions(): Iterable<readonly [string, FunctionHook]> {
    return this.functions;
  }

  private byPath(path: string): UserImageEntry | undefined {
    return this.images.get(this.aliases.get(path) ?? path);
  }
}
