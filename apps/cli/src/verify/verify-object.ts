import type { Diagnostic } from '@probed/base';
import type { CoreCandidates } from '@probed/btf';
import { explainLog, type ObjectProgram, type ObjectSpec, relocate, relocateProgram } from '@probed/object';
import { mapInfoOf } from '@probed/runtime';
import { type KernelFacts, loaderDefaults, type MapInfo, programTypeName } from '@probed/spec';
import { type Explanation, explainReject, verify } from '@probed/verifier';

/** What the verifier says of one program. */
export interface Verdict {
  readonly file: string;
  readonly section: string;
  readonly program: string;
  /** As bpftool names it. */
  readonly type: string;
  /** Slots after linking, 8 bytes each. */
  readonly insns: number;
  readonly verdict: 'accept' | 'reject' | 'unsupported';
  /** Positive; 0 when accepted. */
  readonly errno: number;
  readonly log: readonly string[];
  /** Instructions that the verifier went through. */
  readonly processed: number;
  /** One line that says why; empty when accepted. */
  readonly reason: string;
  /** Why, at length, where that was asked for and the verifier refused the program. */
  readonly explanation?: Explanation;
}

interface VerifyObjectOptions {
  readonly logLevel: number;
  readonly explain?: boolean;
  readonly caps?: ReadonlySet<string>;
}

const EINVAL = 22;

/** Judges each program of an object on its own: what is wrong with one says nothing of the others. */
export function* verifyObject(
  object: ObjectSpec,
  facts: KernelFacts,
  options: VerifyObjectOptions,
): Generator<Verdict> {
  const maps = mapInfos(object, facts);
  const candidates: CoreCandidates = new Map();
  for (const program of object.programs) {
    yield maps instanceof Map
      ? judge(object, program, maps, candidates, facts, options)
      : { ...head(object, program), ...refusal(maps) };
  }
}

/** The maps as a loader would create them; none has to exist. A fault that concerns all programs otherwise. */
function mapInfos(object: ObjectSpec, facts: KernelFacts): Map<string, MapInfo> | Diagnostic {
  const relocated = relocate({ ...object, programs: [] }, facts);
  if (!relocated.ok) return relocated.error;
  return new Map(
    relocated.value.maps.map((spec) => {
      const info = mapInfoOf(loaderDefaults(spec, facts.cpus));
      // Zero says that user space sizes the map before load: any size will do here.
      return [spec.name, info.maxEntries === 0 ? { ...info, maxEntries: 1 } : info];
    }),
  );
}

function judge(
  object: ObjectSpec,
  program: ObjectProgram,
  maps: ReadonlyMap<string, MapInfo>,
  candidates: CoreCandidates,
  facts: KernelFacts,
  { logLevel, explain, caps }: VerifyObjectOptions,
): Verdict {
  const relocated = relocateProgram(object, program, facts, candidates);
  if (!relocated.ok) return { ...head(object, program), ...refusal(relocated.error) };
  const { license, btf: objectBtf } = object;
  const verifyOptions = { logLevel, license, objectBtf, caps };
  const result = verify(relocated.value, maps, facts, verifyOptions);
  if (result.ok) {
    const { log, processed } = result.value;
    return { ...head(object, program), verdict: 'accept', errno: 0, log, processed, reason: '' };
  }
  const { verdict, errno, processed, message } = result.error;
  const log = explainLog(object, program.name, result.error.log);
  // The complaint is a line of the log; where that line was put in words, so is the complaint.
  const reason = log[result.error.log.indexOf(message)] ?? message;
  const explanation = explain ? explainReject(relocated.value, maps, facts, verifyOptions) : undefined;
  return {
    ...head(object, program),
    verdict,
    errno,
    log,
    processed,
    reason,
    ...(explanation && { explanation }),
  };
}

function head(object: ObjectSpec, program: ObjectProgram) {
  return {
    file: object.name,
    section: program.section,
    program: program.name,
    type: programTypeName(program.type),
    insns: program.insns.length,
  };
}

/** A program that does not get as far as the verifier. */
function refusal({ message, where, errno = EINVAL, log }: Diagnostic) {
  const reason = where ? `${where}: ${message}` : message;
  return { verdict: 'reject', errno, log: log ?? [reason], processed: 0, reason } as const;
}
