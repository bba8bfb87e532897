import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Btf } from '../btf';
import { elfSections, extRecords } from '../fixtures/elf-sections';
import { formatCoreRelo } from './format';
import { patchCoreInsn } from './patch';
import { resolveCore } from './resolve';
import type { CoreCandidates, CoreInsn, CoreRelo } from './types';

/**
 * The golden file is what libbpf 1.1 logs when it relocates core-local.bpf.o against core-target.o
 * (`libbpf_set_print` at debug level, `btf_custom_path`), less the lines about candidates.
 */
const fixture = (name: string) => new Uint8Array(readFileSync(join(__dirname, '..', 'fixtures', name)));
const object = elfSections(fixture('core-local.bpf.o'));
const parse = (bytes: Uint8Array | undefined): Btf => {
  const btf = Btf.parse(bytes ?? new Uint8Array());
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
};
const local = parse(object.get('.BTF'));
const target = parse(elfSections(fixture('core-target.o')).get('.BTF'));
const ext = object.get('.BTF.ext')!;

interface Program {
  readonly name: string;
  readonly start: number;
  readonly insns: CoreInsn[];
}

function programs(): Program[] {
  const code = object.get('socket')!;
  const starts = extRecords(ext, 0).map(({ insnOffset, words }) => ({
    name: local.type(words[1]).name,
    start: insnOffset,
  }));
  return starts.map(({ name, start }, i) => ({
    name,
    start,
    insns: decodeInsns(code.subarray(start, starts[i + 1]?.start ?? code.length)),
  }));
}

function decodeInsns(code: Uint8Array): CoreInsn[] {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  return Array.from({ length: code.length / 8 }, (_, i) => ({
    opcode: code[i * 8],
    dst: code[i * 8 + 1] & 15,
    src: code[i * 8 + 1] >> 4,
    off: view.getInt16(i * 8 + 2, true),
    imm: view.getInt32(i * 8 + 4, true),
  }));
}

const BYTES: Record<number, number> = { 0: 4, 8: 2, 16: 1, 24: 8 };
const u64 = (value: bigint | number): bigint => BigInt.asUintN(64, BigInt(value));
const imm64 = (low: CoreInsn, high: CoreInsn): bigint =>
  u64((BigInt(high.imm) << 32n) | BigInt(low.imm >>> 0));

/** What happened to an instruction, in libbpf's words. */
function narrate(before: readonly CoreInsn[], after: readonly CoreInsn[], at: number): string[] {
  const [was, is] = [before[at], after[at]];
  const patched = `patched insn #${at}`;
  if (is.opcode === 0x85 && is.imm === 0xbad2310) {
    const poisoned = (index: number) => `substituting insn #${index} w/ invalid insn`;
    return was.opcode === 0x18 ? [poisoned(at + 1), poisoned(at)] : [poisoned(at)];
  }
  if (was.opcode === 0x18) {
    return [`${patched} (LDIMM64) imm64 ${imm64(was, before[at + 1])} -> ${imm64(is, after[at + 1])}`];
  }
  if ([4, 7].includes(was.opcode & 7))
    return [`${patched} (ALU/ALU64) imm ${u64(was.imm)} -> ${u64(is.imm)}`];
  const lines = [`${patched} (LDX/ST/STX) off ${was.off} -> ${is.off}`];
  if (was.opcode !== is.opcode) {
    lines.push(`${patched} (LDX/ST/STX) mem_sz ${BYTES[was.opcode & 0x18]} -> ${BYTES[is.opcode & 0x18]}`);
  }
  return lines;
}

function relocate({ name, start, insns }: Program): string[] {
  const candidates: CoreCandidates = new Map();
  const lines: string[] = [];
  for (const [index, { insnOffset, words }] of extRecords(ext, 2).entries()) {
    const at = (insnOffset - start) / 8;
    if (at < 0 || at >= insns.length) continue;
    const relo: CoreRelo = { typeId: words[1], accessStr: local.string(words[2]) ?? '', kind: words[3] };
    const say = (line: string) => lines.push(`${name} ${index}\t${line}`);
    say(formatCoreRelo(local, relo));
    const result = resolveCore({ local, target, ...relo, candidates });
    const before = insns.map((insn) => ({ ...insn }));
    const patched = result.ok && patchCoreInsn(insns, at, result.value);
    if (patched && patched.ok === true) for (const line of narrate(before, insns, at)) say(line);
    else say('fails');
  }
  return lines;
}

describe('CO-RE against libbpf', () => {
  const golden = readFileSync(join(__dirname, '..', 'fixtures', 'core-libbpf.tsv'), 'utf8')
    .trimEnd()
    .split('\n');

  it.each(programs().map((program) => [program.name, program] as const))('%s', (name, program) => {
    expect(relocate(program)).toEqual(golden.filter((line) => line.startsWith(`${name} `)));
  });
});
