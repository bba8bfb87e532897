import { BPF_ALU_OP, type Insn, insnOp, isAluClass } from '@probed/isa';
import type { ProgramSpec } from '@probed/spec';

/** How a port lies in a record. */
export type PortOrder = 'host' | 'network';

/** Members of kernel structs that hold ports in network order, and in host order. */
const NETWORK_PORTS =
  /\b(skc_dport|inet_dport|inet_sport|sin6?_port|uh_sport|uh_dport|th->(source|dest)|tcph?->(source|dest)|udph?->(source|dest))\b/;
const HOST_PORTS = /\b(skc_num|inet_num)\b/;
const SWAP = /\b_*(?:bpf_|builtin_)?(?:ntohs|htons|bswap16)\b/;
const SWAPPED_BITS = 16;

/**
 * Byte order in which a member keeps a port, as the source's lines show it: those that give the member a kernel field,
 * straight or through a variable, swapped or not. Where none does: any line that swaps beside the name makes it the
 * host's, any that reads a field in network order makes it that, when no program swaps anything. Undefined when the
 * lines don't tell, or tell different things.
 */
export function portOrder(
  member: string,
  lines: readonly string[],
  programs: readonly ProgramSpec[],
): PortOrder | undefined {
  const name = member.replace(/\W/g, '');
  const told = new Set(lines.flatMap((line) => toldBy(line, name, lines) ?? []));
  if (told.size > 0) return told.size === 1 ? [...told][0] : undefined;
  const about = lines.filter((line) => new RegExp(`\\b${name}\\b`).test(line));
  if (about.some((line) => HOST_PORTS.test(line) || SWAP.test(line))) return 'host';
  const swaps = programs.some(({ insns }) => insns.some(swapsPort));
  return !swaps && about.some((line) => NETWORK_PORTS.test(line)) ? 'network' : undefined;
}

/** What a line that fills the member says: `e->dport = …`, `READ_INTO(&e->dport, …)`. */
function toldBy(line: string, member: string, lines: readonly string[]): PortOrder | undefined {
  const given = new RegExp(`(?:->|\\.)${member}\\s*(?:=(?!=)|,)(.*)`).exec(line)?.[1];
  if (given === undefined) return undefined;
  const source = fieldOrder(given) ?? variableOrder(given, lines);
  return source && SWAP.test(given) ? other(source) : source;
}

function fieldOrder(text: string): PortOrder | undefined {
  if (NETWORK_PORTS.test(text)) return 'network';
  return HOST_PORTS.test(text) ? 'host' : undefined;
}

/** The order of a variable that stands alone, or alone in a call: `dport`, `bpf_ntohs(dport)`. */
function variableOrder(text: string, lines: readonly string[]): PortOrder | undefined {
  const variable = /^\s*(?:\w+\s*\()?\s*([A-Za-z_]\w*)\s*\)?\s*;/.exec(text)?.[1];
  if (!variable) return undefined;
  const gives = new RegExp(`(?:^|[^\\w.>])${variable}\\s*(?:=(?!=)|,)(.*)`);
  const orders = lines.flatMap((line) => {
    const given = gives.exec(line)?.[1];
    const order = given && fieldOrder(given);
    return order ? [SWAP.test(given) ? other(order) : order] : [];
  });
  return new Set(orders).size === 1 ? orders[0] : undefined;
}

const other = (order: PortOrder): PortOrder => (order === 'host' ? 'network' : 'host');

function swapsPort(insn: Insn): boolean {
  return isAluClass(insn) && insnOp(insn) === BPF_ALU_OP.END && insn.imm === SWAPPED_BITS;
}
