import { type Diagnostic, diagnostic, ok, type Result } from '@probed/base';
import { findSection, ProgType, parseSectionName, sectionHint } from '@probed/spec';
import type { ObjectProgram } from './object-spec';
import { oneLine } from './one-line';

const EINVAL = 22;

/** What a section name says of a program: {@link ObjectProgram} less its code. */
type SectionFacts = Pick<
  ObjectProgram,
  'section' | 'type' | 'expectedAttachType' | 'attachTo' | 'optional' | 'flags'
>;

/**
 * What the name of a program's section says; of a name that libbpf does not know, the type UNSPEC: such an object
 * opens, and only the load of the program fails (tools/lib/bpf/libbpf.c: bpf_object__init_progs).
 */
export function sectionFacts(name: string): SectionFacts {
  const optional = name.startsWith('?');
  const section = optional ? name.slice(1) : name;
  const info = findSection(section);
  if (!info)
    return { section, type: ProgType.UNSPEC, expectedAttachType: 0, attachTo: '', optional, flags: 0 };
  const { type, expectedAttachType, attachTo, flags } = info;
  return { section, type, expectedAttachType, attachTo, optional, flags };
}

/** Why a program cannot be loaded, whatever the kernel; undefined when nothing speaks against it. */
export function programFault(program: ObjectProgram): Diagnostic | undefined {
  if (program.linkFault) return oneLine(program.linkFault);
  if (program.type !== ProgType.UNSPEC) return undefined;
  const message = `missing BPF prog type, check ELF section name '${program.section}'`;
  return oneLine(
    diagnostic('program-type', message, {
      where: `program '${program.name}'`,
      errno: EINVAL,
      hint: sectionHint(program.section),
    }),
  );
}

/**
 * The program as if it lay in another section: `bpf_program__set_type` and its kin for sections that name no type.
 *
 * @param section as in `SEC("…")`, e.g. `xdp` or `kprobe/vfs_read`
 *
 * Errors: `section-unknown`.
 */
export function retype(program: ObjectProgram, section: string): Result<ObjectProgram> {
  const info = parseSectionName(section);
  return info.ok ? ok({ ...program, ...sectionFacts(section), optional: program.optional }) : info;
}
