import { AF } from '@probed/abi';
import { ipv4Text, ipv6Text, macText } from './address-text';
import type { LeafMember } from './leaf-members';
import type { ObjectEvidence } from './object-evidence';

/** Reads the bytes of a member. `family` is that of the record, when it says one. */
export type BytesText = (bytes: Uint8Array, family: number | undefined) => string | undefined;

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const MAC_BYTES = 6;

const ADDRESS =
  /^(.*_)?([sdlr]|src|dst|source|dest|local|remote|peer|client|server|bind|listen|rcv|nexthop)?_?(ip|addr|address)(_?v?[46]|_?ip[46]?)?$|^(src|dst|local|remote|client|server)$/i;
const V4_NAME = /(v|ip|addr|_)4$/i;
const V6_NAME = /(v|ip|addr|_)6$/i;
const MAC_NAME = /(^|_)([sd]|src|dst|h)?_?(mac|hwaddr|lladdr|eth)(_?addr)?(_|$)|^h_(source|dest)$/i;
const FAMILY = /^(af|family|sa_family|address_family|addr_family|(ip_?)?ver(sion)?)$/;
const PORT = /(^|_)([sdlr]|src|dst|source|dest|local|remote|peer|bind|listen)?_?port$/i;
const NET_HOOKS = /inet|tcp|udp|sock|bind|listen|connect|accept|xdp|tcx?\/|classifier|skb|net/;

/** The member that says which family the record's addresses are of. */
export function isFamily({ name, bytes, type }: LeafMember): boolean {
  return FAMILY.test(name) && bytes <= 4 && (type.kind === 'int' || type.kind === 'enum');
}

/** `AF_INET`, `AF_INET6` of a family, also where it is written 4 or 6. */
function versionOf(family: number | undefined): 4 | 6 | undefined {
  if (family === AF.INET || family === 4) return 4;
  return family === AF.INET6 || family === 6 ? 6 : undefined;
}

/** How a member that holds an address or a port is read; undefined for any other. */
export function addressReader(
  member: LeafMember,
  hasFamily: boolean,
  evidence: ObjectEvidence,
): BytesText | undefined {
  if (member.bits > 0) return undefined;
  return mac(member) ?? port(member, evidence) ?? ip(member, hasFamily, evidence);
}

function mac({ name, bytes, type }: LeafMember): BytesText | undefined {
  return type.kind === 'array' && bytes === MAC_BYTES && MAC_NAME.test(name) ? macText : undefined;
}

function port({ name, bytes, typeNames, type }: LeafMember, evidence: ObjectEvidence): BytesText | undefined {
  if (type.kind !== 'int' || bytes < 2 || bytes > 4) return undefined;
  const big = bytes === 2 && typeNames.includes('__be16');
  const swapped = PORT.test(name) && evidence.portOrder(name) === 'network';
  if (!big && !swapped) return undefined;
  return (held) => String((held[0] << 8) | held[1]);
}

function ip(
  { name, bytes, type, typeNames, siblings }: LeafMember,
  hasFamily: boolean,
  { hooks }: ObjectEvidence,
): BytesText | undefined {
  const named = ADDRESS.test(name);
  if (typeNames.includes('in6_addr')) return ipv6;
  if (typeNames.includes('in_addr')) return ipv4;
  if (bytes === IPV4_BYTES && type.kind === 'int' && named) {
    const sure = typeNames.includes('__be32') || hasFamily || V4_NAME.test(name) || NET_HOOKS.test(hooks);
    return sure ? (held, family) => (versionOf(family) === 6 ? undefined : ipv4(held)) : undefined;
  }
  if (bytes !== IPV6_BYTES || !named || (type.kind !== 'int' && type.kind !== 'array')) return undefined;
  // `saddr_v6` beside `saddr_v4` in a union: the other one shows what is no IPv6 address.
  const other = siblings.has(name.replace(/6$/, '4')) && V6_NAME.test(name);
  if (hasFamily) return (held, family) => eitherFamily(held, family, other);
  if (V6_NAME.test(name)) return ipv6;
  return NET_HOOKS.test(hooks) && type.kind === 'array' ? byLength : undefined;
}

function eitherFamily(held: Uint8Array, family: number | undefined, other: boolean): string | undefined {
  const version = versionOf(family);
  if (version === 6) return ipv6(held);
  return version === 4 && !other ? ipv4(held) : undefined;
}

/** No family beside it: what has nothing behind the first four bytes is an IPv4 address. */
function byLength(held: Uint8Array): string {
  return held.subarray(IPV4_BYTES).some((byte) => byte !== 0) ? ipv6Text(held) : ipv4Text(held);
}

const ipv4 = (held: Uint8Array): string => ipv4Text(held);
const ipv6 = (held: Uint8Array): string => ipv6Text(held);
