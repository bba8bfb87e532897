/**
 * Programs relocated against other kernels' BTF, instruction by instruction as libbpf does it: against the reference
 * kernel, one made of it with members moved, types made to be hard, and the files that `PROBED_DIFFERENTIAL_BTF` names
 * (separated by `:`). The objects are those of the other differential tests. Without Linux, root and libbpf it says so in
 * a line and passes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage, readKernelBtf } from '@probed/assets';
import { type Btf, type CoreCandidates, encodeBtf } from '@probed/btf';
import { encodeInsns } from '@probed/isa';
import { kernelFacts } from '@probed/machine';
import { type ObjectProgram, type ObjectSpec, parseObject, relocateProgram } from '@probed/object';
import type { KernelFacts } from '@probed/spec';
import { variantBtf } from '../machine/variant-btf';
import { type RelocatedObject, relocateOnHost } from './host-relocation';
import { objectFiles } from './object-files';

const INSN_BYTES = 8;
const LIBS = join(__dirname, '../../libs');
/** Every kind of relocation; `core-target.o` has its counterparts, moved, resized, renamed, ambiguous, or not at all. */
const HARD_CASES = join(LIBS, 'foundation/btf/fixtures/core-local.bpf.o');
const HARD_TARGET = join(LIBS, 'foundation/btf/fixtures/core-target.o');
const FILES = [
  HARD_CASES,
  ...['core', 'calls', 'globals'].map((name) => join(LIBS, `bpf/object/fixtures/${name}.bpf.o`)),
  ...objectFiles(),
];
const { btf: reference } = loadKernelImage();
const others = (process.env['PROBED_DIFFERENTIAL_BTF'] ?? '').split(':').filter((file) => file !== '');
const kernels: [string, () => Btf][] = [
  ['6.18', () => reference],
  ['6.18 with members moved', () => moved()],
  ...[HARD_TARGET, ...others].map((file): [string, () => Btf] => [file, () => btfOf(file)]),
];

function moved(): Btf {
  return variantBtf(reference, {
    moved: { task_struct: 64, mm_struct: 8, sock_common: 4, trace_event_raw_sys_enter: 16 },
    renamedMembers: { 'task_struct.real_parent': 'gone' },
    withoutEnumerators: new Set(['BPF_FUNC_get_attach_cookie']),
  });
}

function btfOf(file: string): Btf {
  const btf = readKernelBtf(file);
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
}

function read(file: string): ObjectSpec | undefined {
  const object = parseObject(readFileSync(file), file);
  return object.ok ? object.value : undefined;
}

/** Where ours and libbpf's answers differ. */
function differences(object: ObjectSpec, host: RelocatedObject, facts: KernelFacts): string[] {
  const candidates: CoreCandidates = new Map();
  return object.programs.flatMap((program) => {
    const theirs = host.programs.get(program.name);
    if (theirs === undefined) return [`${program.name}: libbpf has no such program`];
    // A program that libbpf refuses was relocated in an object of its own.
    const shared = [...host.programs.values()].some((answer) => typeof answer === 'number');
    const lines = compare(object, program, theirs, facts, shared ? new Map() : candidates);
    return lines.map((line) => `${program.name}: ${line}`);
  });
}

function compare(
  object: ObjectSpec,
  program: ObjectProgram,
  theirs: Uint8Array | number,
  facts: KernelFacts,
  candidates: CoreCandidates,
): string[] {
  const ours = relocateProgram(object, program, facts, candidates);
  // Symbols and functions of the running kernel, and section names of before libbpf 1.0, are another matter.
  if (!ours.ok && ours.error.code !== 'core-relocation') return [];
  const errno = ours.ok ? 0 : ours.error.errno;
  if (typeof theirs === 'number')
    return errno === theirs ? [] : [`libbpf refuses a relocation with errno ${theirs}, we with ${errno}`];
  if (!ours.ok) return [`${ours.error.where}: ${ours.error.message}`];
  return differingSlots(encodeInsns(ours.value.insns), theirs, program.refs);
}

function differingSlots(ours: Uint8Array, theirs: Uint8Array, refs: ReadonlyMap<number, unknown>): string[] {
  if (ours.length !== theirs.length) return [`${ours.length} bytes, libbpf has ${theirs.length}`];
  const lines: string[] = [];
  for (let slot = 0; slot * INSN_BYTES < ours.length; slot++) {
    if (refs.has(slot) || refs.has(slot - 1)) continue;
    const at = slot * INSN_BYTES;
    const [a, b] = [ours, theirs].map((bytes) =>
      Buffer.from(bytes.subarray(at, at + INSN_BYTES)).toString('hex'),
    );
    if (a !== b) lines.push(`instruction ${slot} is ${a}, libbpf has ${b}`);
  }
  return lines;
}

test.each(kernels)('CO-RE against %s as libbpf does it', (_name, types) => {
  const btf = types();
  const host = relocateOnHost(encodeBtf(btf), FILES);
  if (typeof host === 'string') return console.info(`skipped: ${host}`);
  const facts = kernelFacts(loadKernelImage({ btf }), 4);
  const found: string[] = [];
  let compared = 0;
  for (const answer of host) {
    const object = answer.programs.size > 0 ? read(answer.file) : undefined;
    if (!object) continue;
    compared += answer.programs.size;
    found.push(...differences(object, answer, facts).map((line) => `${answer.file}: ${line}`));
  }
  expect(found).toEqual([]);
  expect(compared).toBeGreaterThan(10);
});
