/** An object's types as the kernel takes them: same ids, with what libbpf mends before BPF_BTF_LOAD mended. */
import { type Btf, BtfBuilder, type BtfType } from '@probed/btf';

/**
 * Sections of externs: the kernel refuses them, and nothing refers to them once a program is relocated. Nor does it take
 * sections without a size, of which no map is made (`license`).
 */
const EXTERN_SECTIONS: ReadonlySet<string> = new Set(['.ksyms', '.kconfig']);

/** The kernel wants names for all parameters of a function; declarations have none. */
const named = <T extends { readonly name: string }>(params: readonly T[]) =>
  params.map((param, i) => ({ ...param, name: param.name || `arg${i}` }));

function append(to: BtfBuilder, type: BtfType): void {
  switch (type.kind) {
    case 'void':
      return;
    case 'int':
      to.int(type.name, type.size, type);
      return;
    case 'float':
      to.float(type.name, type.size);
      return;
    case 'ptr':
      to.ptr(type.typeId);
      return;
    case 'typedef':
      to.typedef(type.name, type.typeId);
      return;
    case 'const':
    case 'volatile':
    case 'restrict':
      to[type.kind](type.typeId);
      return;
    case 'type_tag':
      to.typeTag(type.name, type.typeId, type.attribute);
      return;
    case 'array':
      to.array(type.elemTypeId, type.count, type.indexTypeId);
      return;
    case 'struct':
    case 'union':
      to[type.kind](type.name, type.size, type.members);
      return;
    case 'fwd':
      to.fwd(type.name, type.of);
      return;
    case 'enum':
      to.enum(type.name, type.size, type.values, type.signed);
      return;
    case 'enum64':
      to.enum64(type.name, type.size, type.values, type.signed);
      return;
    default:
      appendDeclaration(to, type);
  }
}

type Declaration = Extract<BtfType, { kind: 'func_proto' | 'func' | 'var' | 'datasec' | 'decl_tag' }>;

function appendDeclaration(to: BtfBuilder, type: Declaration): void {
  switch (type.kind) {
    case 'func_proto': {
      const isVariadic = type.params.at(-1)?.typeId === 0;
      to.funcProto(type.returnTypeId, isVariadic ? type.params : named(type.params));
      return;
    }
    case 'func':
      to.func(type.name, type.typeId, type.linkage === 'extern' ? 'global' : type.linkage);
      return;
    case 'var':
      to.var(type.name, type.typeId, type.linkage === 'extern' ? 'global' : type.linkage);
      return;
    case 'datasec':
      if (EXTERN_SECTIONS.has(type.name) || type.size === 0) to.int('unplaced', 4);
      else to.datasec(type.name, type.size, type.vars);
      return;
    case 'decl_tag':
      to.declTag(type.name, type.typeId, type.componentIndex, type.attribute);
  }
}

export function encodeBtf(btf: Btf): Uint8Array {
  const to = new BtfBuilder();
  for (let id = 1; id < btf.typeCount; id++) append(to, btf.type(id));
  return to.finish();
}
