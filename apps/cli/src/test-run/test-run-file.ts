import { existsSync } from 'node:fs';
import { errnoName, strerror } from '@probed/abi';
import { fromHex, toHex } from '@probed/base';
import { Machine, progTestRun, type TestRunAttr, type TestRunReply } from '@probed/machine';
import type { LoadedProgram } from '@probed/runtime';
import { programTypeName } from '@probed/spec';
import { createStandIn } from '@probed/system';
import { CommandError, CommandFailed, fail, failUsage, orFail } from '../errors';
import { chosenKernel, type KernelChoice } from '../input/kernel-option';
import { ObjectFiles } from '../input/object-file';
import { readInputFile } from '../input/read-file';
import { writeOutputFile } from '../output/output-file';
import { note, Printer } from '../output/printer';

export interface TestRunFileOptions extends KernelChoice {
  readonly interpret?: boolean;
  readonly dataIn?: string;
  readonly dataOut?: string;
  readonly dataSizeOut?: number;
  readonly ctxIn?: string;
  readonly ctxOut?: string;
  readonly ctxSizeOut?: number;
  readonly repeat?: number;
  readonly flags?: number;
  readonly cpu?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** As bpftool: a page for a context that is asked for without a size. */
const CONTEXT_ROOM = 4096;

/** `probectl prog test-run FILE [PROGRAM]`. */
export async function testRunFile(
  file: string,
  name: string | undefined,
  options: TestRunFileOptions,
): Promise<void> {
  const attr = attrOf(options);
  const image = chosenKernel(options);
  const object = orFail(await new ObjectFiles(image).read(file));
  const engine = options.interpret ? 'interp' : 'jit';
  const machine = new Machine({ image, engine, seed: options.seed });
  const collection = orFail(machine.load({ object, logLevel: 1 }));
  const program = chosenProgram(collection.programs, name, file);
  const task = orFail(createStandIn(machine.kernel, { comm: 'probectl' }));
  const clock = () => performance.now() * 1e6;
  report(program, progTestRun(machine, program, attr, { task, cpu: 0 }, clock), options);
}

function attrOf(options: TestRunFileOptions): TestRunAttr {
  return {
    packet: bytesOf(options.dataIn, '--data-in'),
    packetRoom: options.dataSizeOut,
    ctx: bytesOf(options.ctxIn, '--ctx-in'),
    ctxRoom: options.ctxSizeOut ?? (options.ctxOut === undefined ? undefined : CONTEXT_ROOM),
    repeat: options.repeat,
    flags: options.flags,
    cpu: options.cpu,
  };
}

/** Contents of the file, or what the hex digits say. */
function bytesOf(given: string | undefined, option: string): Uint8Array | undefined {
  if (given === undefined) return undefined;
  if (existsSync(given)) return orFail(readInputFile(given));
  const bytes = given === '' ? undefined : fromHex(given);
  return bytes ?? failUsage(`${option}: ${given} is no file, and not hex bytes`);
}

function chosenProgram(
  programs: readonly LoadedProgram[],
  name: string | undefined,
  file: string,
): LoadedProgram {
  const names = programs.map((program) => program.name).join(', ');
  if (name === undefined) {
    if (programs.length === 1) return programs[0];
    return failUsage(`${file} has ${programs.length} programs; say which`, `one of: ${names}`);
  }
  const program = programs.find((candidate) => candidate.name === name);
  return program ?? failUsage(`${file} has no program ${name}`, `one of: ${names}`);
}

function report(program: LoadedProgram, reply: TestRunReply, options: TestRunFileOptions): void {
  if (reply.fault) throw new CommandError(reply.fault);
  const { retval, packet, packetBytes, ctx, errno, durationNs = 0 } = reply;
  const printer = new Printer(options.json === true);
  printer.document({
    program: program.name,
    type: programTypeName(program.type),
    run_errno: errno,
    retval,
    duration_ns: durationNs,
    ...(packet && { data_out: toHex(packet), data_size_out: packetBytes }),
    ...(ctx && { ctx_out: toHex(ctx) }),
  });
  printer.text(`Return value: ${retval}, duration (average): ${durationNs}ns`);
  give(printer, options.dataOut, packet, 'data');
  give(printer, options.ctxOut, ctx, 'context');
  if (errno === 0) return;
  note(`${program.name}: not all of it fitted in: ${strerror(errno)} (${errnoName(errno)})`);
  throw new CommandFailed();
}

/** Puts bytes where the user wants them: into a file, or in hex among the text. */
function give(printer: Printer, to: string | undefined, bytes: Uint8Array | undefined, what: string): void {
  if (to === undefined) return;
  if (!bytes) fail('test-run', `the program's type gives no ${what} back`);
  if (to === '-') printer.text(toHex(bytes));
  else writeOutputFile(to, bytes!);
}
