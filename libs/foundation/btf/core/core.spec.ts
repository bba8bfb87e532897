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
    const patched = result.ok && patchCoreInsn(insns, at, result.value).ok;
    for (const line of patched ? narrate(before, insns, at) : ['fails']) say(line);
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

describe('CO-RE relocation', () => {
  const typeId = local.findByName('plain', 'struct')!;
  const ambiguous = local.findByName('ambiguous', 'struct')!;
  const anonymous = local.skipModifiers(local.findByName('anon_typedef')!);
  const request = { local, target, typeId, accessStr: '0:0', kind: 0 };

  it.each<[string, Partial<typeof request>, number, string]>([
    ['an access string that is no path', { accessStr: '0:x' }, 22, 'not a list of indexes'],
    ['an empty access string', { accessStr: '' }, 22, 'not a list of indexes'],
    ['a path of 65 steps', { accessStr: '0:'.repeat(64).concat('0') }, 7, 'longer than 64'],
    ['a member that does not exist', { accessStr: '0:99' }, 22, 'struct plain has 14 members'],
    ['an index out of bounds', { accessStr: '0:4:4' }, 22, 'index 4 out of bounds'],
    ['a path through a scalar', { accessStr: '0:0:0' }, 22, 'cannot index into int unsigned int'],
    ['a path where none belongs', { kind: 8 }, 22, 'takes no path'],
    ['an enumerator of a struct', { kind: 10, accessStr: '0' }, 22, 'not an enumerator'],
    ['a kind from the future', { kind: 13 }, 95, 'unknown CO-RE relocation kind 13'],
    ['a type that does not exist', { typeId: 1 << 20 }, 22, 'does not exist'],
    ['an anonymous type', { typeId: anonymous }, 95, 'anonymous'],
    ['candidates that disagree', { typeId: ambiguous }, 22, 'field offset ambiguity: 32 != 0'],
  ])('refuses %s', (_what, part, errno, message) => {
    const result = resolveCore({ ...request, ...part });
    expect(result).toMatchObject({ ok: false, error: { code: 'core-relocation', errno } });
    expect(!result.ok && result.error.message).toContain(message);
    expect(!result.ok && result.error.where).toMatch(/^CO-RE </);
  });

  it('narrows the candidates for the relocations that follow', () => {
    const twice = { ...request, typeId: local.findByName('twice', 'struct')! };
    const candidates: CoreCandidates = new Map();
    resolveCore({ ...twice, candidates });
    expect(candidates.get(twice.typeId)).toHaveLength(2);
    resolveCore({ ...twice, accessStr: '0:1', candidates });
    expect(candidates.get(twice.typeId)).toEqual([target.findByName('twice___a')]);
  });
});

describe('patching', () => {
  const insn = (opcode: number, part: Partial<CoreInsn> = {}): CoreInsn => ({
    opcode,
    dst: 1,
    src: 0,
    off: 0,
    imm: 0,
    ...part,
  });
  const result = {
    origValue: 4n,
    value: 8n,
    poison: false,
    validate: true,
    failMemSizeAdjust: false,
    origSize: 4,
    newSize: 8,
    targetTypeId: 1,
  };

  it.each<[string, CoreInsn[], Partial<typeof result>, number, string]>([
    ['a register operand', [insn(0x0f)], {}, 22, 'no immediate'],
    ['another immediate', [insn(0x07, { imm: 5 })], {}, 22, 'got 5, expected 4 -> 8'],
    ['another offset', [insn(0x61, { off: 5 })], {}, 22, 'got 5, expected 4 -> 8'],
    ['an offset beyond 32767', [insn(0x61, { off: 4 })], { value: 32768n }, 34, 'offset 32768 is too big'],
    ['a load of another width', [insn(0x69, { off: 4 })], {}, 22, 'accesses 2 bytes of a field of 4'],
    ['a field of odd size', [insn(0x61, { off: 4 })], { newSize: 3 }, 22, 'a field of 3 bytes'],
    ['a load of a map', [insn(0x18, { src: 1, imm: 4 }), insn(0)], {}, 22, 'unexpected form'],
    ['half a 64-bit load', [insn(0x18, { imm: 4 })], {}, 22, 'unexpected form'],
    ['a jump', [insn(0x05)], {}, 22, 'cannot be relocated'],
    ['nothing', [], {}, 22, 'does not exist'],
  ])('refuses %s', (_what, insns, part, errno, message) => {
    const patched = patchCoreInsn(insns, 0, { ...result, ...part });
    expect(patched).toMatchObject({ ok: false, error: { errno } });
    expect(!patched.ok && patched.error.message).toContain(message);
  });

  it('keeps a negative 32-bit immediate in range', () => {
    const insns = [insn(0xb7, { imm: 4 })];
    expect(patchCoreInsn(insns, 0, { ...result, value: 2n ** 64n - 30n })).toEqual({
      ok: true,
      value: false,
    });
    expect(insns[0].imm).toBe(-30);
  });
});
