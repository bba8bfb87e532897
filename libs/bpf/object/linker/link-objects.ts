import { err, ok, type Result } from '@probed/base';
import { Btf } from '@probed/btf';
import { LIMITS } from '../limits';
import { appendExt } from './append-ext';
import { appendRelocations } from './append-relocations';
import { appendSections } from './append-sections';
import { appendSymbols } from './append-symbols';
import { appendTypes } from './append-types';
import { LinkFault, refuse } from './fault';
import { finishTypes } from './finish-types';
import { Output } from './output';
import { type LinkInput, readSource } from './source';
import { writeElf } from './write-elf';

/**
 * Links objects into one, as `bpftool gen object` does: sections of a name become one, externs are resolved with the
 * definitions of other objects, weak definitions give way to strong ones, types are merged. Externs that none of them
 * defines stay. The result is an object for any loader, the same bytes for the same inputs.
 * tools/lib/bpf/linker.c: bpf_linker__add_file, bpf_linker__finalize.
 *
 * Errors are one line that names symbol and files: `static-link` for objects that don't go together, and those of the
 * ELF and BTF parsers.
 */
export function linkObjects(inputs: readonly LinkInput[]): Result<Uint8Array> {
  const output = new Output();
  try {
    if (inputs.length === 0) refuse('no objects to link');
    for (const input of inputs) append(output, input);
    if (output.sections.length > LIMITS.sections) refuse(`more than ${LIMITS.sections} sections`);
    finishTypes(output);
    return ok(writeElf(output));
  } catch (cause) {
    if (!(cause instanceof LinkFault)) throw cause;
    return err(cause.diagnostic);
  }
}

function append(output: Output, input: LinkInput): void {
  const source = readSource(input);
  const linked = Btf.parse(output.btf.finish());
  if (!linked.ok) throw new LinkFault({ ...linked.error, where: 'types of the files before' });
  appendSections(output, source);
  appendSymbols(output, source, linked.value);
  if (output.symbols.length > LIMITS.symbols) refuse(`more than ${LIMITS.symbols} symbols`, input.name);
  appendRelocations(output, source);
  appendTypes(output, source);
  appendExt(output, source);
}
