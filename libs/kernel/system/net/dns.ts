import { formatIp } from './endpoint';

const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;

/** A query for an A record (RFC 1035 §4). */
export function dnsQuery(name: string, id: number): Uint8Array {
  const labels = name.split('.').filter(Boolean);
  const length = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  const bytes = new Uint8Array(HEADER_BYTES + length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, 0x0100);
  view.setUint16(4, 1);
  let at = HEADER_BYTES;
  for (const label of labels) {
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  view.setUint16(at + 1, TYPE_A);
  view.setUint16(at + 3, CLASS_IN);
  return bytes;
}

/** Name that a query asks for and where its question ends; undefined when it is malformed. */
function question(query: Uint8Array): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  while (at < query.length && query[at] !== 0) {
    const length = query[at];
    if (length > 63 || at + length >= query.length) return undefined;
    labels.push(String.fromCharCode(...query.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return at + 5 <= query.length ? { name: labels.join('.'), end: at + 5 } : undefined;
}

/** Answers a query from a zone; unknown names get NXDOMAIN. @returns undefined for what is no query */
export function dnsAnswer(query: Uint8Array, zone: ReadonlyMap<string, number>): Uint8Array | undefined {
  const asked = question(query);
  if (!asked) return undefined;
  const ip = zone.get(asked.name);
  const bytes = new Uint8Array(asked.end + (ip === undefined ? 0 : 16));
  bytes.set(query.subarray(0, asked.end));
  const view = new DataView(bytes.buffer);
  view.setUint16(2, ip === undefined ? 0x8183 : 0x8180);
  if (ip === undefined) return bytes;
  view.setUint16(6, 1);
  view.setUint16(asked.end, 0xc00c);
  view.setUint16(asked.end + 2, TYPE_A);
  view.setUint16(asked.end + 4, CLASS_IN);
  view.setUint32(asked.end + 6, 30);
  view.setUint16(asked.end + 10, 4);
  view.setUint32(asked.end + 12, ip);
  return bytes;
}

/** The address in an answer of ours, as a dotted quad. */
export function firstAddress(answer: Uint8Array): string | undefined {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  if (answer.length < HEADER_BYTES + 16 || view.getUint16(6) === 0) return undefined;
  return formatIp(view.getUint32(answer.length - 4));
}
