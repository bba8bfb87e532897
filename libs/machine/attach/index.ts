import type { Result } from '@probed/base';
import type { LoadedProgram } from '@probed/runtime';
import { parseSectionName, type SectionKind } from '@probed/spec';
import type { AttachEnv } from './attach-env';
import type { Attacher, Attachment, AttachOptions } from './attachment';
import { notSupported } from './errors';
import { attachKprobe, attachKretprobe, attachKretsyscall, attachKsyscall } from './kprobe';
import { attachPerfEvent } from './perf-event';
import { attachRawTracepoint } from './raw-tracepoint';
import { attachTracepoint } from './tracepoint';
import { attachFentry, attachFexit } from './trampoline';
import { attachUprobe, attachUretprobe } from './uprobe';

/** Which attacher serves a section's kind; a kind that is missing is refused by name. */
const ATTACHERS: Partial<Record<SectionKind, Attacher>> = {
  tracepoint: attachTracepoint,
  raw_tracepoint: attachRawTracepoint,
  tp_btf: attachRawTracepoint,
  kprobe: attachKprobe,
  kretprobe: attachKretprobe,
  ksyscall: attachKsyscall,
  kretsyscall: attachKretsyscall,
  uprobe: attachUprobe,
  uretprobe: attachUretprobe,
  perf_event: attachPerfEvent,
  fentry: attachFentry,
  fexit: attachFexit,
};

/** Attaches a program where its section says, or to `options.target`. Errors: ENOENT, EINVAL, EOPNOTSUPP by name. */
export function attachProgram(
  program: LoadedProgram,
  options: AttachOptions,
  env: AttachEnv,
): Result<Attachment> {
  const section = parseSectionName(program.spec.section);
  if (!section.ok) return section;
  const attacher = ATTACHERS[section.value.kind];
  if (!attacher) return notSupported(`attaching ${program.spec.section}`);
  return attacher(program, options.target ?? section.value.attachTo, options, env);
}
