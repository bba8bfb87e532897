import { diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import { Emitter } from './emitter';
import { UnprintableError } from './fault';
import { kfuncPrototypes } from './kfuncs';
import { PrintedLayout } from './layout';
import { Limits } from './limits';
import { Names } from './names';
import { Orderer } from './orderer';
import { Output } from './output';
import { Renderer } from './renderer';
import { sortedIds } from './sort';

export interface DumpCOptions {
  /** Print only these types and what they need; all types when undefined. */
  readonly roots?: readonly number[];
  /**
   * Guard and `preserve_access_index` for every record, so that programs which include it get CO-RE relocations:
   * what bpftool writes into a `vmlinux.h`. Default true.
   */
  readonly header?: boolean;
  /** Prototypes of the kernel functions tagged `bpf_kfunc`. Default: with the header, when all types are printed. */
  readonly kfuncs?: boolean;
  /** In order of kind and name, as bpftool has it since 7.5; else in order of id. Default true. */
  readonly sorted?: boolean;
}

const HEADER = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

`;

const FOOTER = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`;

/**
 * All types as a C header that clang compiles to the same sizes and offsets, as `bpftool btf dump … format c` does, byte
 * for byte but where that would not compile. Of split BTF, the base's types are printed as far as its own need them.
 * Errors: `btf-unprintable`, for types that no C program can have (an unnamed struct that points to itself) or that
 * would print without end.
 */
export function dumpC(btf: Btf, options: DumpCOptions = {}): Result<string> {
  try {
    return ok(print(btf, options));
  } catch (error) {
    if (!(error instanceof UnprintableError)) throw error;
    return err(diagnostic('btf-unprintable', error.message));
  }
}

function print(btf: Btf, options: DumpCOptions): string {
  const { roots, header = true, kfuncs = header && !roots, sorted = true } = options;
  const output = new Output();
  const limits = new Limits(btf.typeCount);
  const renderer = new Renderer(btf, new Names(btf), new PrintedLayout(btf));
  const orderer = new Orderer(btf, limits);
  const emitter = new Emitter(btf, renderer, output, limits);
  if (header) output.write(HEADER);
  const ids = roots ?? (sorted && btf.firstId === 1 ? sortedIds(btf) : ownIds(btf));
  for (const root of ids) for (const id of orderer.definitionsFor(root)) emitter.define(id);
  if (kfuncs) output.write(kfuncPrototypes(btf, renderer));
  if (header) output.write(FOOTER);
  return output.toString();
}

function* ownIds(btf: Btf): Generator<number> {
  for (let id = btf.firstId; id < btf.typeCount; id++) yield id;
}
