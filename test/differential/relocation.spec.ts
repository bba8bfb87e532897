/**
 * Programs relocated against other kernels' BTF, instruction by instruction as libbpf does it: against the reference
 * kernel, one made of it with members moved, and the files that `PROBED_DIFFERENTIAL_BTF` names (separated by `:`).
 * The objects are those of the other differential tests. Without Linux, root and libbpf it says so in a line and passes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage, readKernelBtf } from '@probed/assets';
import { type Btf, encodeBtf } from '@probed/btf';
import { encodeInsns } from '@probed/isa';
import { kernelFacts } from '@probed/machine';
import { type ObjectSpec, parseObject, relocateProgram } from '@probed/object';
import { variantBtf } from '../machine/variant-btf';
import { type RelocatedObject, relocateOnHost } from './host-relocation';
import { objectFiles } from './object-files';

const INSN_BYTES = 8;
const FIXTURES = ['core', 'calls', 'globals'].map((name) =>
  join(__dirname, `../../libs/bpf/object/fixtures/${name}.bpf.o`),
);
const reference = loadKernelImage().btf;
const moved = variantBtf(reference, {
  moved: { task_struct: 64, mm_struct: 8, sock_common: 4, trace_event_raw_sys_enter: 16 },
  renamedMembers: { 'task_struct.real_parent': 'gone' },
  withoutEnumerators: new Set(['BPF_FUNC_get_attach_cookie']),
});
const others = (process.env['PROBED_DIFFERENTIAL_BTF'] ?? '').split(':').filter((file) => file !== '');
const kernels: [string, () => Btf][] = [
  ['6.18', () => reference],
  ['6.18 with members moved', () => moved],
  ...others.map((file): [string, () => Btf] => [file, () => btfOf(file)]),
];

function btfOf(file: string): Btf {
  const btf = readKernelBtf(file);
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
}

function read(file: string): ObjectSpec | undefined {
  const object = parseObject(readFileSync(file), file);
  return object.ok ? object.value : undefined;
}

/** Where ours and libbpf's instructions differ; maps, kernel symbols and functions are the running kernel's matter. */
function differences(object: ObjectSpec, host: RelocatedObject, btf: Btf): string[] {
  const facts = kernelFacts(loadKernelImage({ btf }), 4);
  const ours = object.programs.map((program) => ({ program, done: relocateProgram(object, program, facts) }));
  if (host.refused === 'other') return [];
  if (host.refused === 'relocation') {
    const refused = ours.some(({ done }) => !done.ok && done.error.code === 'core-relocation');
    return refused ? [] : ['libbpf refuses a CO-RE relocation, we apply all'];
  }
  const lines: string[] = [];
  for (const { program, done } of ours) {
    const theirs = host.programs.get(program.name);
    if (!theirs) lines.push(`${program.name}: libbpf has no such program`);
    else if (!done.ok) lines.push(`${program.name}: ${done.error.where}: ${done.error.message}`);
    else lines.push(...differingSlots(program.name, encodeInsns(done.value.insns), theirs, program.refs));
  }
  return lines;
}

function differingSlots(
  name: string,
  ours: Uint8Array,
  theirs: Uint8Array,
  refs: ReadonlyMap<number, unknown>,
): string[] {
  if (ours.length !== theirs.length) return [`${name}: ${ours.length} bytes, libbpf has ${theirs.length}`];
  const lines: string[] = [];
  for (let slot = 0; slot * INSN_BYTES < ours.length; slot++) {
    if (refs.has(slot) || refs.has(slot - 1)) continue;
    const at = slot * INSN_BYTES;
    const [a, b] = [ours, theirs].map((bytes) =>
      Buffer.from(bytes.subarray(at, at + INSN_BYTES)).toString('hex'),
    );
    if (a !== b) lines.push(`${name}: instruction ${slot} is ${a}, libbpf has ${b}`);
  }
  return lines;
}

test.each(kernels)('CO-RE against %s as libbpf does it', (_name, btf) => {
  const files = [...FIXTURES, ...objectFiles()];
  const host = relocateOnHost(encodeBtf(btf()), files);
  if (typeof host === 'string') return console.info(`skipped: ${host}`);
  const found: string[] = [];
  let compared = 0;
  for (const answer of host) {
    const object = read(answer.file);
    if (!object) continue;
    compared += answer.programs.size;
    found.push(...differences(object, answer, btf()).map((line) => `${answer.file}: ${line}`));
  }
  expect(found).toEqual([]);
  expect(compared).toBeGreaterThan(10);
});
