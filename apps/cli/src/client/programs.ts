import { writeFileSync } from 'node:fs';
import { fromHex } from '@probed/base';
import type { Link, Program, ProgramDump } from '@probed/protocol';
import { fail, failUsage } from '../errors';
import { formatTable } from '../output/columns';
import { formatFacts, shortTime } from '../output/facts';
import { Printer } from '../output/printer';
import { TextWriter } from '../output/text-writer';
import { wasmText } from '../output/wasm-text';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { type ListOptions, pinnedText } from './links';
import { findProgram } from './resolve';

/** `probectl prog list` of the daemon's programs. */
export async function listPrograms(options: ListOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const { programs } = await client.call('listPrograms');
  const printer = new Printer(options.json === true);
  for (const program of programs) printer.document(program);
  if (!printer.json) {
    const { links } = await client.call('listLinks');
    printer.text(
      programs.length ? programTable(programs, links, options.bpffs === true) : 'no programs are loaded',
    );
  }
  await printer.drain();
}

/** Programs with where they hang and how often they ran. */
export function programTable(programs: readonly Program[], links: readonly Link[], bpffs = false): string {
  return formatTable(
    [
      { title: 'ID', align: 'right' },
      { title: 'PROGRAM' },
      { title: 'TYPE' },
      { title: 'OBJECT' },
      { title: 'RUNS', align: 'right' },
      { title: 'INSNS', align: 'right' },
      { title: 'LOADED' },
      { title: 'ATTACHED TO' },
      ...(bpffs ? [{ title: 'PINNED' }] : []),
    ],
    programs.map(({ id, name, type, object, runs, insns, loaded_at: loadedAt, pinned }) => [
      String(id),
      name,
      type,
      object,
      String(runs),
      String(insns),
      shortTime(loadedAt),
      hooksOf(id, links),
      ...(bpffs ? [pinnedText({ pinned })] : []),
    ]),
  );
}

function hooksOf(program: number, links: readonly Link[]): string {
  const hooks = links
    .filter(({ program_id: id }) => id === program)
    .map(({ hook, state }) => (state === 'inert' ? `${hook} (inert)` : hook));
  return hooks.join(', ') || '-';
}

/** `probectl prog show`. */
export async function showProgram(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const program = await findProgram(client, wanted);
  const printer = new Printer(options.json === true);
  printer.document(program);
  if (!printer.json) {
    const { links } = await client.call('listLinks');
    printer.text(programText(program, links));
  }
  await printer.drain();
}

function programText(program: Program, links: readonly Link[]): string {
  const { link_ids: linkIds, map_ids: mapIds, verified_insns: verified, jited_bytes: jited } = program;
  const facts = formatFacts([
    ['id', String(program.id)],
    ['program', program.name],
    ['type', program.type],
    ['section', program.section],
    ['object', `${program.object} (id ${program.object_id})`],
    ['license', program.license],
    ['loaded', shortTime(program.loaded_at)],
    ['instructions', `${program.insns}, ${verified} verified`],
    ['compiled', jited ? `${jited} bytes of WebAssembly` : 'no, interpreted'],
    ['maps', mapIds.join(', ') || '-'],
    ['links', linkIds.join(', ') || '-'],
    ['attached to', hooksOf(program.id, links)],
    ['pinned', program.pinned?.join(', ')],
    ['runs', String(program.runs)],
  ]);
  const table = formatTable(
    [
      { title: 'NODE' },
      { title: 'RUNS', align: 'right' },
      { title: 'RECURSION', align: 'right' },
      { title: 'CUT SHORT', align: 'right' },
    ],
    program.nodes.map((node) => [
      node.node,
      String(node.runs),
      String(node.recursion_misses),
      String(node.budget_exceeded),
    ]),
  );
  return `${facts}\n\n${table}`;
}

export interface DumpLoadedOptions extends DaemonOptions {
  readonly format: 'xlated' | 'raw' | 'jited';
  readonly out?: string;
}

/** `probectl prog dump` of a program that the daemon has loaded. */
export async function dumpLoaded(wanted: string, options: DumpLoadedOptions): Promise<void> {
  const { format, out } = options;
  if (format === 'raw') failUsage('--format raw goes with a FILE', 'the daemon has xlated and jited');
  if (out !== undefined && format !== 'jited') failUsage('--out goes with --format jited');
  const client = DaemonClient.open(options);
  const program = await findProgram(client, wanted);
  const dump = await client.call('dumpProgram', { params: { id: program.id }, query: { format } });
  const wasm = dump.wasm === undefined ? undefined : fromHex(dump.wasm);
  if (out !== undefined && wasm) {
    writeModule(out, wasm);
    new Printer(false).text(`${dump.name}: ${wasm.length} bytes of WebAssembly written to ${out}`);
    return;
  }
  const lines = options.json ? [JSON.stringify(dump)] : await dumpLines(dump, program, wasm);
  await new TextWriter().writeLines(lines);
}

async function dumpLines(
  { name, lines = [] }: ProgramDump,
  { section, insns }: Program,
  wasm: Uint8Array | undefined,
): Promise<string[]> {
  if (!wasm) return [`${name} (${section}): ${insns} instructions`, ...lines, ''];
  return [`;; ${name} (${section}): ${wasm.length} bytes of WebAssembly`, ...(await wasmText(wasm)), ''];
}

function writeModule(path: string, wasm: Uint8Array): void {
  try {
    writeFileSync(path, wasm);
  } catch (error) {
    fail('file-unwritable', (error as Error).message, { where: path });
  }
}

/** `probectl prog log`. */
export async function showProgramLog(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const { id } = await findProgram(client, wanted);
  const log = await client.call('programLog', { params: { id } });
  const writer = new TextWriter();
  await writer.writeLines(options.json ? [JSON.stringify(log)] : log.log);
}

/** `probectl prog unload`. */
export async function unloadProgram(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const program = await findProgram(client, wanted);
  await client.call('unloadProgram', { params: { id: program.id } });
  const printer = new Printer(options.json === true);
  printer.document({ unloaded: { program: program.name, program_id: program.id, object: program.object } });
  printer.text(`unloaded ${program.name} (id ${program.id}) of ${program.object}`);
}
