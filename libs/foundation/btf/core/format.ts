import type { Btf } from '../btf';
import { type AccessSpec, parseAccessSpec } from './access-spec';
import { coreCategory, coreKindName } from './kinds';
import type { CoreRelo } from './types';

/**
 * One relocation in libbpf's words, e.g. `<byte_off> [2] struct task_struct.pid (0:12 @ offset 1256)`; it goes into
 * logs in place of a poisoned instruction. tools/lib/bpf/relo_core.c: bpf_core_format_spec.
 */
export function formatCoreRelo(local: Btf, relo: CoreRelo): string {
  const kind = coreKindName(relo.kind);
  if (!local.has(relo.typeId) || !coreCategory(relo.kind)) {
    return `<${kind}> [${relo.typeId}] + ${relo.accessStr}`;
  }
  const root = local.type(relo.typeId);
  const head = `<${kind}> [${relo.typeId}] ${root.kind} ${root.name || '<anon>'}`;
  const spec = parseAccessSpec(local, relo);
  if (!spec.ok) return `${head} + ${relo.accessStr}`;
  switch (coreCategory(relo.kind)) {
    case 'enumval':
      return head + formatEnumerator(spec.value);
    case 'field':
      return head + formatField(spec.value, relo.accessStr);
    default:
      return head;
  }
}

function formatEnumerator({ btf, path: [{ typeId, index }] }: AccessSpec): string {
  const type = btf.type(typeId);
  if (type.kind !== 'enum' && type.kind !== 'enum64') return '';
  const { name, value } = type.values[index];
  return `::${name} = ${value}`;
}

function formatField({ path, bitOffset }: AccessSpec, accessStr: string): string {
  const steps = path.map(({ name, index }, i) => {
    if (name !== undefined) return `.${name}`;
    return i > 0 || index > 0 ? `[${index}]` : '';
  });
  const bits = bitOffset % 8 === 0 ? '' : `.${bitOffset % 8}`;
  return `${steps.join('')} (${accessStr} @ offset ${Math.floor(bitOffset / 8)}${bits})`;
}
