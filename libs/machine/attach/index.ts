import type { Result } from '@probed/base';
import { parseSectionName, type SectionKind } from '@probed/spec';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';
import type { Attacher, Attachment, AttachOptions } from './attachment';
import { notSupported } from './errors';
import { attachIter } from './iter/iter';
import { attachKprobe, attachKretprobe, attachKretsyscall, attachKsyscall } from './kprobe';
import { attachKprobeMulti, attachKprobeSession, attachKretprobeMulti } from './kprobe-multi';
import { attachPerfEvent } from './perf-event';
import { attachRawTracepoint } from './raw-tracepoint';
import { attachTracepoint } from './tracepoint';
import { attachFentry, attachFexit } from './trampoline';
import { attachUprobe, attachUretprobe } from './uprobe';
import { attachUprobeMulti, attachUprobeSession, attachUretprobeMulti } from './uprobe-multi';
import { attachUsdt } from './usdt';
import { attachFmodRet, attachLsm } from './verdict';

/** Which attacher serves a section's kind; a kind that is missing is refused by name. */
const ATTACHERS: Partial<Record<SectionKind, Attacher>> = {
  tracepoint: attachTracepoint,
  raw_tracepoint: attachRawTracepoint,
  tp_btf: attachRawTracepoint,
  kprobe: attachKprobe,
  kretprobe: attachKretprobe,
  'kprobe.multi': attachKprobeMulti,
  'kretprobe.multi': attachKretprobeMulti,
  'kprobe.session': attachKprobeSession,
  ksyscall: attachKsyscall,
  kretsyscall: attachKretsyscall,
  uprobe: attachUprobe,
  uretprobe: attachUretprobe,
  'uprobe.multi': attachUprobeMulti,
  'uretprobe.multi': attachUretprobeMulti,
  'uprobe.session': attachUprobeSession,
  usdt: attachUsdt,
  perf_event: attachPerfEvent,
  fentry: attachFentry,
  fexit: attachFexit,
  fmod_ret: attachFmodRet,
  lsm: attachLsm,
  iter: attachIter,
};

/** Attaches a program where the section of the one it begins with says, or to `options.target`. Errors: ENOENT, EINVAL, EOPNOTSUPP by name. */
export function attachProgram(
  attached: AttachedProgram,
  options: AttachOptions,
  env: AttachEnv,
): Result<Attachment> {
  const { spec } = attached.program;
  const section = parseSectionName(spec.section);
  if (!section.ok) return section;
  const attacher = ATTACHERS[section.value.kind];
  if (!attacher) return notSupported(`attaching ${spec.section}`);
  return attacher(attached, options.target ?? section.value.attachTo, options, env);
}
