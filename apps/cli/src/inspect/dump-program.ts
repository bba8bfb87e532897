import { writeFileSync } from 'node:fs';
import { loadKernelImage } from '@probed/assets';
import { suggestion, toHex } from '@probed/base';
import { encodeInsns, INSN_BYTES } from '@probed/isa';
import { kernelFacts, Machine, xlatedLines } from '@probed/machine';
import { type ObjectProgram, type ObjectSpec, relocateProgram } from '@probed/object';
import type { ProgramSpec } from '@probed/spec';
import { fail, failUsage, orFail } from '../errors';
import { ObjectFiles } from '../input/object-file';
import { TextWriter } from '../output/text-writer';
import { wasmText } from '../output/wasm-text';

export interface DumpProgramOptions {
  readonly format: 'xlated' | 'raw' | 'jited';
  readonly linum?: boolean;
  readonly verbose?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

const CPUS = 4;

/** `probectl prog dump`. */
export async function dumpPrograms(
  file: string,
  name: string | undefined,
  options: DumpProgramOptions,
): Promise<void> {
  if (options.out !== undefined && options.format !== 'jited') failUsage('--out goes with --format jited');
  const image = loadKernelImage();
  const object = orFail(await new ObjectFiles(image).read(file));
  const programs = select(object, name);
  if (options.out !== undefined && programs.length > 1) failUsage('--out takes one program: name it');
  const writer = new TextWriter();
  for (const program of programs) {
    if (options.format === 'jited') {
      await writer.writeLines(await jited(object, program, options));
      continue;
    }
    const facts = kernelFacts(image, CPUS);
    const relocated = orFail(relocateProgram(object, program, facts));
    await writer.writeLines(dumped(object, relocated, options));
  }
}

function select(object: ObjectSpec, name: string | undefined): readonly ObjectProgram[] {
  if (name === undefined) return object.programs;
  const found = object.programs.filter((program) => program.name === name || program.section === name);
  if (found.length > 0) return found;
  const names = object.programs.map((program) => program.name);
  return fail('no-such-program', `no program ${name}`, {
    where: object.name,
    errno: 2,
    hint: suggestion(name, names),
  });
}

function* dumped(object: ObjectSpec, program: ProgramSpec, options: DumpProgramOptions): Generator<string> {
  const lines =
    options.format === 'raw'
      ? rawLines(program)
      : [
          ...xlatedLines(program, object.btf, {
            source: options.verbose || options.linum,
            linum: options.linum,
          }),
        ];
  if (options.json) {
    yield JSON.stringify({ program: program.name, section: program.section, format: options.format, lines });
    return;
  }
  yield `${program.name} (${program.section}): ${program.insns.length} instructions`;
  yield* lines;
  yield '';
}

/** Eight bytes a slot. */
function rawLines({ insns }: ProgramSpec): string[] {
  const bytes = encodeInsns(insns);
  return insns.map((_, slot) => {
    const at = slot * INSN_BYTES;
    return `${String(slot).padStart(4)}: ${toHex(bytes.subarray(at, at + INSN_BYTES), ' ')}`;
  });
}

async function jited(
  object: ObjectSpec,
  program: ObjectProgram,
  options: DumpProgramOptions,
): Promise<string[]> {
  const machine = new Machine({ image: loadKernelImage() });
  const { optional: _, ...rest } = program;
  const alone = { ...object, programs: [{ ...rest, optional: false }] };
  const { wasm = new Uint8Array() } = orFail(machine.load({ object: alone })).programs[0];
  if (options.out !== undefined) {
    writeModule(options.out, wasm);
    return [`${program.name}: ${wasm.length} bytes of WebAssembly written to ${options.out}`];
  }
  if (options.json) {
    const { name, section } = program;
    return [
      JSON.stringify({ program: name, section, format: 'jited', bytes: wasm.length, hex: toHex(wasm) }),
    ];
  }
  const title = `;; ${program.name} (${program.section}): ${wasm.length} bytes of WebAssembly`;
  return [title, ...(await wasmText(wasm)), ''];
}

function writeModule(path: string, wasm: Uint8Array): void {
  try {
    writeFileSync(path, wasm);
  } catch (error) {
    fail('file-unwritable', (error as Error).message, { where: path });
  }
}
