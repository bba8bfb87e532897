import { diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import type { BtfEnum, BtfEnum64, BtfKind } from '../types';
import { UnprintableError } from './fault';
import { kfuncPrototypes } from './kfuncs';
import { Names } from './names';
import { Orderer } from './orderer';
import { Renderer } from './render';

export interface DumpCOptions {
  /** Print only these types and what they need; all types when undefined. */
  readonly roots?: readonly number[];
  /**
   * Guard and `preserve_access_index` for every record, so that programs which include it get CO-RE relocations:
   * what bpftool writes into a `vmlinux.h`. Default true.
   */
  readonly header?: boolean;
  /** Prototypes of the kernel functions tagged `bpf_kfunc`. Default: with the
   * header, when all types are printed. */
  readonly kfuncs?: boolean;
}

const HEADER = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

`;

const FOOTER = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`;

/**
 * All types as a C header that clang compiles to the same sizes and offsets, as `bpftool btf dump … format c` does.
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

function print(btf: Btf, { roots, header = true, kfuncs = header && !roots }: DumpCOptions): string {
  const out: string[] = [];
  const names = new Names(btf);
  const renderer = new Renderer(btf, names);
  const orderer = new Orderer(btf, names, renderer, (definition) => out.push(definition, '\n\n'));
  if (roots) for (const id of roots) orderer.complete(id);
  else printAll(btf, orderer);
  if (kfuncs) out.push(kfuncPrototypes(btf, orderer, renderer));
  const text = out.join('');
  return header ? `${HEADER}${text}${FOOTER}` : text;
}

/** Kinds that stand for themselves in C; the others appear as part of these. */
const TOP_LEVEL: ReadonlySet<BtfKind> = new Set<BtfKind>(['struct', 'union', 'typedef', 'fwd']);

function printAll(btf: Btf, orderer: Orderer): void {
  const enumsInUse = referencedEnums(btf);
  for (let id = 1; id < btf.typeCount; id++) {
    const kind = btf.kind(id);
    if (kind === 'enum' || kind === 'enum64') {
      const type = btf.type(id) as BtfEnum | BtfEnum64;
      if (type.name !== '') orderer.declare(id);
      else if (!enumsInUse.has(id)) orderer.defineEnum(type);
    } else if (TOP_LEVEL.has(kind) && btf.type(id).name !== '') orderer.complete(id);
  }
}

/** Enums that some member, typedef or parameter has as its type; the anonymous ones among them print there. */
function referencedEnums(btf: Btf): Set<number> {
  const used = new Set<number>();
  const use = (id: number) => {
    const kind = btf.kind(id);
    if (kind === 'enum' || kind === 'enum64') used.add(id);
  };
  for (let id = 1; id < btf.typeCount; id++) {
    const type = btf.type(id);
    if ('members' in type) for (const { typeId } of type.members) use(typeId);
    else if ('params' in type) {
      use(type.returnTypeId);
      for (const { typeId } of type.params) use(typeId);
    } else if ('elemTypeId' in type) use(type.elemTypeId);
    else if ('typeId' in type) use(type.typeId);
  }
  return used;
}
