import { parseIp } from '@probed/system';

/** Bytes of an IPv4 or IPv6 address in network order; undefined when the text is none. */
export function addressBytes(text: string): Uint8Array | undefined {
  const v4 = parseIp(text);
  if (v4 !== undefined && /^[\d.]+$/.test(text)) return ipv4Bytes(v4);
  return text.includes(':') ? ipv6Bytes(text) : undefined;
}

function ipv4Bytes(ip: number): Uint8Array {
  return Uint8Array.of(ip >>> 24, ip >>> 16, ip >>> 8, ip);
}

/** RFC 4291 §2.2: groups of hex digits, one `::`, perhaps an IPv4 address at the end. */
function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => groupsOf(half));
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const gap = 16 - head.length - (tail?.length ?? 0);
  if (tail ? gap < 2 : gap !== 0) return undefined;
  return Uint8Array.of(...head, ...new Array<number>(gap).fill(0), ...(tail ?? []));
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const v4 = i === groups.length - 1 && group.includes('.') ? parseIp(group) : undefined;
    if (v4 !== undefined) bytes.push(...ipv4Bytes(v4));
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const word = Number.parseInt(group, 16);
      bytes.push(word >>> 8, word & 0xff);
    } else return undefined;
  }
  return bytes;
}
