import type { Btf, BtfType, CoreRelo } from '@probed/btf';
import { CORE_RELO_KIND } from '@probed/btf';
import type { ObjectSpec } from './object-spec';
import { POISON_KFUNC_BASE } from './relocate';

/** Number of the call that a CO-RE relocation without a target becomes (0xbad2310, libbpf's "bad relo"). */
const POISON_CORE = 195_896_080;
const KIND_TEXT: Readonly<Record<number, string>> = {
  [CORE_RELO_KIND.FIELD_BYTE_OFFSET]: 'byte_off',
  [CORE_RELO_KIND.FIELD_BYTE_SIZE]: 'byte_sz',
  [CORE_RELO_KIND.FIELD_EXISTS]: 'field_exists',
  [CORE_RELO_KIND.FIELD_SIGNED]: 'signed',
  [CORE_RELO_KIND.FIELD_LSHIFT_U64]: 'lshift_u64',
  [CORE_RELO_KIND.FIELD_RSHIFT_U64]: 'rshift_u64',
  [CORE_RELO_KIND.TYPE_ID_LOCAL]: 'local_type_id',
  [CORE_RELO_KIND.TYPE_ID_TARGET]: 'target_type_id',
  [CORE_RELO_KIND.TYPE_EXISTS]: 'type_exists',
  [CORE_RELO_KIND.TYPE_SIZE]: 'type_size',
  [CORE_RELO_KIND.ENUMVAL_EXISTS]: 'enumval_exists',
  [CORE_RELO_KIND.ENUMVAL_VALUE]: 'enumval_value',
  [CORE_RELO_KIND.TYPE_MATCHES]: 'type_matches',
};
const CALL = /^(\d+): \(85\) call unknown#(\d+)/;

/**
 * A verifier's log with calls of numbers that {@link relocate} put in said in words, as libbpf does before it prints
 * a log (tools/lib/bpf/libbpf.c: fixup_verifier_log): which CO-RE relocation failed, which kernel function is missing.
 */
export function explainLog(object: ObjectSpec, program: string, log: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < log.length; i++) {
    const call = CALL.exec(log[i]);
    const verdict = call ? `invalid func unknown#${call[2]}` : undefined;
    const words =
      call && log[i + 1]?.startsWith(verdict ?? '\n')
        ? explain(object, program, Number(call[1]), Number(call[2]))
        : undefined;
    if (words) {
      lines.push(...words);
      i++;
    } else lines.push(log[i]);
  }
  return lines;
}

function explain(object: ObjectSpec, name: string, slot: number, number: number): string[] | undefined {
  if (number === POISON_CORE) {
    const relo = object.programs
      .find((program) => program.name === name)
      // Of a 64-bit load both slots are poisoned; the relocation is the first one's.
      ?.cores.find((core) => core.insn === slot || core.insn === slot - 1);
    if (!relo || !object.btf) return undefined;
    return [
      `${slot}: <invalid CO-RE relocation>`,
      `failed to resolve CO-RE relocation ${coreText(object.btf, relo)}`,
    ];
  }
  const kfunc = [...object.externs.keys()][number - POISON_KFUNC_BASE];
  if (kfunc === undefined) return undefined;
  return [`${slot}: <invalid kfunc call>`, `kfunc '${kfunc}' is referenced but wasn't resolved`];
}

/** `<byte_off> [5] struct task_struct.pid (0:3 @ offset 16)`. tools/lib/bpf/relo_core.c: bpf_core_format_spec. */
function coreText(btf: Btf, { typeId, accessStr, kind }: CoreRelo): string {
  const type = btf.type(typeId);
  const head = `<${KIND_TEXT[kind] ?? kind}> [${typeId}] ${type.kind} ${type.name || '<anon>'}`;
  const path = accessStr.split(':').map(Number);
  if (kind >= CORE_RELO_KIND.TYPE_ID_LOCAL && kind <= CORE_RELO_KIND.TYPE_SIZE) return head;
  if (kind === CORE_RELO_KIND.TYPE_MATCHES) return head;
  const resolved = btf.resolve(typeId);
  if (resolved.kind === 'enum' || resolved.kind === 'enum64') {
    const value = resolved.values[path[0]];
    return value ? `${head}::${value.name} = ${value.value}` : head;
  }
  const { text, bits } = fieldText(btf, resolved, path);
  const offset = bits % 8 ? `${Math.floor(bits / 8)}.${bits % 8}` : `${bits / 8}`;
  return `${head}${text} (${accessStr} @ offset ${offset})`;
}

/** Members by name, indexes in brackets; the first index is an array's of the root type and shown only if not 0. */
function fieldText(btf: Btf, root: BtfType, path: readonly number[]): { text: string; bits: number } {
  let text = path[0] > 0 ? `[${path[0]}]` : '';
  let bits = path[0] * btf.sizeOf(root.id) * 8;
  let type = root;
  for (const index of path.slice(1)) {
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index];
      if (!member) break;
      if (member.name) text += `.${member.name}`;
      bits += member.offsetBits;
      type = btf.resolve(member.typeId);
    } else if (type.kind === 'array') {
      text += `[${index}]`;
      bits += index * btf.sizeOf(type.elemTypeId) * 8;
      type = btf.resolve(type.elemTypeId);
    } else break;
  }
  return { text, bits };
}
