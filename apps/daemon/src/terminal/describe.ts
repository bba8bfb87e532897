import type { WireRecord } from '@probed/protocol';
import { printable } from './style';

type Value = Readonly<Record<string, unknown>>;

/** How one kind of record reads; the first rule that applies is taken. */
interface Rule {
  readonly applies: (value: Value) => boolean;
  readonly text: (value: Value) => string;
}

const TEXT_CHARS_MAX = 200;
const AF_INET = 2;
const AF_INET6 = 10;

const kindIs =
  (...kinds: string[]) =>
  (value: Value) =>
    kinds.includes(String(value['type'] ?? value['kind']));
const has =
  (...members: string[]) =>
  (value: Value) =>
    members.every((member) => value[member] !== undefined);

/** Shapes of records that tools of this trade emit, those of `examples/` first of all. */
const RULES: readonly Rule[] = [
  { applies: kindIs('POD_EXEC', 'EXEC_DONE'), text: (value) => `exec ${commandOf(value)}` },
  { applies: kindIs('EXEC_ATTEMPT'), text: (value) => `execve ${commandOf(value)}` },
  { applies: kindIs('POD_EXIT'), text: exitText },
  { applies: kindIs('POD_READ'), text: (value) => `read fd ${value['fd']}, ${bytesText(value)}` },
  { applies: kindIs('POD_WRITE'), text: (value) => `write fd ${value['fd']}, ${bytesText(value)}` },
  { applies: kindIs('POD_CONNECT'), text: (value) => `connect ${addressOf(value)}${resultOf(value)}` },
  { applies: kindIs('POD_OPEN'), text: (value) => `open ${value['path']}${resultOf(value)}` },
  { applies: has('fname', 'ret'), text: (value) => `open ${value['fname']}${resultOf(value)}` },
  { applies: has('daddr', 'dport'), text: (value) => `connect ${addressOf(value)}${resultOf(value)}` },
];
/** Shown in columns of their own, or of no interest to a reader. */
const OMITTED: ReadonlySet<string> = new Set([
  'pid',
  'tgid',
  'tid',
  'ppid',
  'uid',
  'comm',
  'cgroup_id',
  'ktime_ns',
]);

/** What happened, in a few words on one line. */
export function describeRecord({ value, event, program, raw }: WireRecord): string {
  if (typeof value !== 'object' || value === null) {
    return short(`${program}: ${value === undefined ? `${(raw ?? '').length / 2} bytes` : String(value)}`);
  }
  const members = value as Value;
  const rule = RULES.find(({ applies }) => applies(members));
  return short(rule ? rule.text(members) : `${event ?? program} ${membersText(members)}`);
}

/** Whether it is about something that did not work, for its colour. */
export function isFailure({ value }: WireRecord): boolean {
  const ret = (value as Value | null | undefined)?.['ret'];
  return typeof ret === 'number' && ret < 0;
}

function commandOf({ filename, path, argv }: Value): string {
  const file = String(filename ?? path ?? '');
  return argv ? `${file}: ${argv}` : file;
}

function exitText({ ret, signal, duration_ns }: Value): string {
  const how = signal ? `signal ${signal}` : `code ${ret}`;
  const took = typeof duration_ns === 'number' ? ` after ${(duration_ns / 1e6).toFixed(1)} ms` : '';
  return `exit, ${how}${took}`;
}

function bytesText({ bytes, ret }: Value): string {
  return typeof ret === 'number' && ret < 0 ? `${bytes} bytes = ${ret}` : `${ret ?? bytes} bytes`;
}

function resultOf({ ret }: Value): string {
  return ret === undefined ? '' : ` = ${ret}`;
}

function addressOf({ family = AF_INET, daddr, daddr6, port, dport }: Value): string {
  if (family !== AF_INET && family !== AF_INET6) return `(address family ${family})`;
  const address = family === AF_INET6 ? `[${ipv6(String(daddr6))}]` : ipv4(Number(daddr));
  return `${address}:${dport ?? port}`;
}

/** Of four bytes in network order that were read as a number in host order. */
function ipv4(address: number): string {
  return [0, 8, 16, 24].map((shift) => (address >>> shift) & 0xff).join('.');
}

function ipv6(hex: string): string {
  return (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':');
}

function membersText(value: Value): string {
  return Object.entries(value)
    .filter(([name, member]) => !OMITTED.has(name) && member !== '')
    .map(([name, member]) => `${name}=${typeof member === 'object' ? JSON.stringify(member) : member}`)
    .join(' ');
}

function short(text: string): string {
  const line = printable(text);
  return line.length > TEXT_CHARS_MAX ? `${line.slice(0, TEXT_CHARS_MAX - 1)}…` : line;
}
