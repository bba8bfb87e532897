import type { Btf } from '../btf';
import type { BtfKind, BtfType } from '../types';

const SIZELESS: ReadonlySet<BtfKind> = new Set<BtfKind>(['void', 'fwd', 'func', 'func_proto', 'decl_tag']);

/** Element type of an array of any dimensions, else the type itself; modifiers taken off. */
export function elementType(btf: Btf, id: number): BtfType {
  let type = btf.resolve(id);
  while (type.kind === 'array') type = btf.resolve(type.elemTypeId);
  return type;
}

/** Bytes, or undefined where libbpf's btf__resolve_size fails. */
export function resolveSize(btf: Btf, id: number): number | undefined {
  return SIZELESS.has(elementType(btf, id).kind) ? undefined : btf.sizeOf(id);
}
