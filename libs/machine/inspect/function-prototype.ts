import type { Btf, BtfFuncProto, BtfType } from '@probed/btf';

/** C prototype of a kernel function by its BTF, e.g. `int vfs_open(const struct path *path, struct file *file)`. */
export function functionPrototype(btf: Btf, name: string): string | undefined {
  const id = btf.functions().get(name);
  const func = id === undefined ? undefined : btf.type(id);
  const proto = func?.kind === 'func' ? btf.type(func.typeId) : undefined;
  if (proto?.kind !== 'func_proto') return undefined;
  return declare(btf, proto.returnTypeId, `${name}(${parameters(btf, proto)})`);
}

function parameters(btf: Btf, { params }: BtfFuncProto): string {
  if (params.length === 0) return 'void';
  return params
    .map(({ name, typeId }, i) =>
      typeId === 0 && i === params.length - 1 ? '...' : declare(btf, typeId, name),
    )
    .join(', ');
}

/** `type declarator`, built from the declarator outwards as C is read. */
function declare(btf: Btf, typeId: number, declarator: string): string {
  const type = btf.type(typeId);
  switch (type.kind) {
    case 'ptr': {
      const inner = btf.type(type.typeId);
      const star = `*${declarator}`;
      const grouped = inner.kind === 'func_proto' || inner.kind === 'array';
      return declare(btf, type.typeId, grouped ? `(${star})` : star);
    }
    case 'array':
      return declare(btf, type.elemTypeId, `${declarator}[${type.count || ''}]`);
    case 'func_proto':
      return declare(btf, type.returnTypeId, `${declarator}(${parameters(btf, type)})`);
    case 'const':
    case 'volatile':
    case 'restrict': {
      const pointer = btf.type(type.typeId).kind === 'ptr';
      if (pointer) return declare(btf, type.typeId, join(type.kind, declarator));
      return `${type.kind} ${declare(btf, type.typeId, declarator)}`;
    }
    case 'type_tag':
      return declare(btf, type.typeId, declarator);
    default:
      return join(typeName(type), declarator);
  }
}

function typeName(type: BtfType): string {
  if (type.kind === 'void') return 'void';
  const keyword = type.kind === 'enum64' ? 'enum' : type.kind === 'fwd' ? type.of : type.kind;
  const tagged = keyword === 'struct' || keyword === 'union' || keyword === 'enum';
  return tagged ? `${keyword} ${type.name || '<anonymous>'}` : type.name;
}

function join(type: string, declarator: string): string {
  return declarator === '' ? type : `${type} ${declarator}`;
}
