// /proc/kallsyms → the packed form that `KernelSymbols` of @probed/abi reads (its head says how it is laid out).
import { ADDED_SYMBOLS } from './added-symbols.mjs';

const TEXT_BASE = 0xffffffff81000000n;
/** Modules and BPF programs lie above; they are no part of the kernel image. */
const IMAGE_END = 0xffffffffc0000000n;
const FUNCTION_BYTES = 64n;
const DATA_BYTES = 8192n;

/** Rows { name, type, address } of the kernel image in order of address, moved to the base that KASLR moved from. */
export function readKallsyms(text) {
  const rows = [];
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{16}) (\w) (\S+)$/.exec(line);
    if (match) rows.push({ address: BigInt(`0x${match[1]}`), type: match[2], name: match[3] });
  }
  const start = rows.find((row) => row.name === '_stext')?.address;
  if (!start) throw new Error('kallsyms shows no addresses: run as root with kernel.kptr_restrict below 2');
  const slide = start - TEXT_BASE;
  return rows
    .map((row) => ({ ...row, address: row.address - slide }))
    .filter((row) => row.address >= TEXT_BASE && row.address < IMAGE_END);
}

/** Adds the per-CPU variables that BTF knows and the hand-written table, each where nothing else lies. */
export function withAddedSymbols(rows, btf) {
  const known = new Set(rows.map((row) => row.name));
  const letters = new Set('TtWw');
  const etext = rows.find((row) => row.name === '_etext').address;
  let text = etext - (etext % 4096n) + 4096n;
  let data = rows.find((row) => row.name === '__start_init_stack').address + 0x8000n;
  const added = [];
  for (const { name, type } of ADDED_SYMBOLS) {
    if (known.has(name)) continue;
    if (letters.has(type)) {
      added.push({ name, type, address: text });
      text += FUNCTION_BYTES;
    } else {
      added.push({ name, type, address: data });
      data += DATA_BYTES;
    }
  }
  const perCpuStart = rows.at(-1).address + 0x10_0000n;
  const perCpuBase = perCpuStart - (perCpuStart % 0x1000n);
  for (const { name, offset } of perCpuVariables(btf))
    if (!known.has(name)) added.push({ name, type: 'd', address: perCpuBase + BigInt(offset) });
  return [...rows, ...added].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

/** Bytes of the trailing data of a BTF type besides its 12-byte head, by kind (Documentation/bpf/btf.rst). */
const TAIL_BYTES = {
  1: () => 4,
  3: () => 12,
  4: (n) => 12 * n,
  5: (n) => 12 * n,
  6: (n) => 8 * n,
  13: (n) => 8 * n,
  14: () => 4,
  15: (n) => 12 * n,
  17: () => 4,
  19: (n) => 12 * n,
};
const KIND_VAR = 14;
const KIND_DATASEC = 15;

/** Name and offset of each variable of the DATASEC `.data..percpu`. */
function perCpuVariables(btf) {
  const u32 = (at) => btf.readUInt32LE(at);
  const types = u32(4) + u32(8);
  const end = types + u32(12);
  const strings = u32(4) + u32(16);
  const string = (offset) => btf.toString('latin1', strings + offset, btf.indexOf(0, strings + offset));
  const places = [0];
  for (let at = types; at < end; ) {
    places.push(at);
    const info = u32(at + 4);
    at += 12 + (TAIL_BYTES[(info >>> 24) & 31]?.(info & 0xffff) ?? 0);
  }
  const kind = (at) => (u32(at + 4) >>> 24) & 31;
  const section = places.find((at) => at && kind(at) === KIND_DATASEC && string(u32(at)) === '.data..percpu');
  const variables = [];
  for (let i = 0; i < (u32(section + 4) & 0xffff); i++) {
    const at = section + 12 + 12 * i;
    const type = places[u32(at)];
    if (kind(type) === KIND_VAR) variables.push({ name: string(u32(type)), offset: u32(at + 4) });
  }
  return variables;
}

function leb128(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

export function packSymbols(rows) {
  let last = TEXT_BASE;
  const steps = rows.flatMap(({ address }) => {
    const step = Number(address - last);
    last = address;
    return leb128(step);
  });
  const head = Buffer.alloc(20);
  head.write('KSYM', 'latin1');
  head.writeUInt32LE(rows.length, 4);
  head.writeUInt32LE(steps.length, 8);
  head.writeBigUInt64LE(TEXT_BASE, 12);
  const types = Buffer.from(rows.map((row) => row.type).join(''), 'latin1');
  const names = Buffer.from(rows.map((row) => `${row.name}\0`).join(''), 'latin1');
  return Buffer.concat([head, types, Buffer.from(steps), names]);
}
