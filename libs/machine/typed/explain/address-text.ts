/** Dotted IPv4 address of four bytes in network order. */
export function ipv4Text(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 4)].join('.');
}

/** IPv6 address of 16 bytes by RFC 5952: the longest run of zero groups is `::`; mapped IPv4 as such. */
export function ipv6Text(bytes: Uint8Array): string {
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff)
    return `::ffff:${ipv4Text(bytes.subarray(12))}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** `02:00:de:ad:be:ef`. */
export function macText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
