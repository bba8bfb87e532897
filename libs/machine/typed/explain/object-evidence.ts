import { BPF_ALU_OP, type Insn, insnOp, isAluClass } from '@probed/isa';
import type { CollectionSpec, ProgramSpec } from '@probed/spec';
import { configuredNumber } from '../configured-number';

/** What the programs of an object tell about the numbers that they write. */
export interface ObjectEvidence {
  /** Sections of all programs, a line each: the hooks they hang at. */
  readonly hooks: string;
  /** Number of a configuration variable whose name fits; undefined when there is none. */
  setting(name: RegExp): number | undefined;
  /** Byte order in which a member keeps a port, when the source shows it. */
  portOrder(member: string): 'host' | 'network' | undefined;
}

/** Members of kernel structs that hold ports in network order, and in host order. */
const NETWORK_PORTS =
  /\b(skc_dport|inet_dport|inet_sport|sin6?_port|uh_sport|uh_dport|th->(source|dest)|tcph?->(source|dest)|udph?->(source|dest))\b/;
const HOST_PORTS = /\b(skc_num|inet_num|bpf_ntohs|ntohs|__builtin_bswap16|___bpf_ntohs)\b/;
const SWAPPED_BITS = 16;

export function objectEvidence(collection: CollectionSpec): ObjectEvidence {
  const { programs } = collection;
  const hooks = programs.map(({ section, attachTo }) => `${section} ${attachTo}`).join('\n');
  const orders = new Map<string, 'host' | 'network' | undefined>();
  let lines: readonly string[] | undefined;
  return {
    hooks,
    setting: (name) => configuredNumber(collection, name),
    portOrder: (member) => {
      if (!orders.has(member)) {
        lines ??= [...new Set(programs.flatMap(({ lineInfo }) => lineInfo.map(({ text }) => text)))];
        orders.set(member, orderOf(member, lines, programs));
      }
      return orders.get(member);
    },
  };
}

function orderOf(member: string, lines: readonly string[], programs: readonly ProgramSpec[]) {
  const mentions = new RegExp(`\\b${member.replace(/\W/g, '')}\\b`);
  const about = lines.filter((line) => mentions.test(line));
  if (about.some((line) => HOST_PORTS.test(line))) return 'host';
  const swaps = programs.some(({ insns }) => insns.some(swapsPort));
  return !swaps && about.some((line) => NETWORK_PORTS.test(line)) ? 'network' : undefined;
}

function swapsPort(insn: Insn): boolean {
  return isAluClass(insn) && insnOp(insn) === BPF_ALU_OP.END && insn.imm === SWAPPED_BITS;
}
