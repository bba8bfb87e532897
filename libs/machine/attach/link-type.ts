import type { LoadedProgram } from '@probed/runtime';
import { parseSectionName, type SectionKind } from '@probed/spec';

/** `enum bpf_link_type` (include/uapi/linux/bpf.h) of the links that hold programs here. */
const LINK_TYPES: Partial<Record<SectionKind, number>> = {
  raw_tracepoint: 1,
  tp_btf: 2,
  fentry: 2,
  fexit: 2,
  fmod_ret: 2,
  lsm: 2,
  iter: 4,
  'kprobe.multi': 8,
  'kretprobe.multi': 8,
  'kprobe.session': 8,
  'uprobe.multi': 12,
  'uretprobe.multi': 12,
  'uprobe.session': 12,
};
const PERF_EVENT = 7;

/** What kind of link holds a program; probes, tracepoints and perf events share one. */
export function linkType({ spec }: LoadedProgram): number {
  const section = parseSectionName(spec.section);
  return (section.ok && LINK_TYPES[section.value.kind]) || PERF_EVENT;
}
