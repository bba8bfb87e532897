/**
 * Our verdict on compiled C programs against the running kernel's: parsed, relocated and verified by us; opened and
 * loaded by libbpf there. The objects of `examples/`, and those of the folders that `PROBED_DIFFERENTIAL_OBJECTS`
 * names (separated by `:`); `PROBED_DIFFERENTIAL_VERBOSE` lists rejects that differ in words. Without Linux, root, bpf(2) and libbpf it says so in a line and passes.
 */
import { readFileSync } from 'node:fs';
import { type ObjectSpec, parseObject, relocate, relocateProgram } from '@probed/object';
import { mapInfoOf } from '@probed/runtime';
import type { KernelFacts, MapInfo } from '@probed/spec';
import { verify } from '@probed/verifier';
import { complaint } from './complaint';
import { hostFacts } from './host-facts';
import { judgeOnHost, type ObjectVerdict } from './host-objects';
import { objectFiles } from './object-files';

interface OurVerdict {
  readonly errno: number;
  readonly message: string;
  /** Not judged: a feature that our verifier refuses by name. */
  readonly isUnsupported?: boolean;
  readonly log: readonly string[];
}

const refused = (errno: number | undefined, message: string): OurVerdict => ({
  errno: errno ?? 22,
  message,
  log: [message],
});

/** One object, opened once. */
class OurObject {
  private constructor(
    private readonly object: ObjectSpec,
    private readonly maps: ReadonlyMap<string, MapInfo>,
    private readonly facts: KernelFacts,
  ) {}

  static open(file: string, facts: KernelFacts): OurObject | string {
    const object = parseObject(readFileSync(file), file);
    if (!object.ok) return object.error.message;
    const fitted = relocate({ ...object.value, programs: [] }, facts);
    if (!fitted.ok) return fitted.error.message;
    return new OurObject(object.value, new Map(fitted.value.maps.map((m) => [m.name, mapInfoOf(m)])), facts);
  }

  judge(name: string): OurVerdict {
    const program = this.object.programs.find((p) => p.name === name);
    if (!program) return refused(undefined, `no program ${name}`);
    const fitted = relocateProgram(this.object, program, this.facts);
    if (!fitted.ok) return refused(fitted.error.errno, fitted.error.message);
    const { license, btf } = this.object;
    const verdict = verify(fitted.value, this.maps, this.facts, { license, objectBtf: btf, logLevel: 0 });
    if (verdict.ok) return { errno: 0, message: '', log: [] };
    const { errno, log } = verdict.error;
    return { errno, message: complaint(log), log, isUnsupported: verdict.error.verdict === 'unsupported' };
  }
}

const LOG_TAIL_LINES = 8;
/** Also list rejects that differ in words only. */
const VERBOSE = process.env['PROBED_DIFFERENTIAL_VERBOSE'] !== undefined;

function disagreement(theirs: ObjectVerdict, ours: OurVerdict): string | undefined {
  if (ours.isUnsupported || (theirs.errno === 0) === (ours.errno === 0)) return undefined;
  return [
    `${theirs.file}: ${theirs.program} (${theirs.section})`,
    `kernel: errno ${theirs.errno}`,
    ...theirs.log.trimEnd().split('\n').slice(-LOG_TAIL_LINES),
    `ours: errno ${ours.errno}`,
    ...ours.log.slice(-LOG_TAIL_LINES),
  ].join('\n');
}

test('verdicts on compiled programs are the kernel’s', () => {
  const facts = hostFacts();
  const files = objectFiles();
  const verdicts = facts ? judgeOnHost(files) : 'no BTF at /sys/kernel/btf/vmlinux';
  if (!facts || typeof verdicts === 'string') {
    console.log(`skipped: ${verdicts}`);
    return;
  }
  const objects = new Map(files.map((file) => [file, OurObject.open(file, facts)]));
  const wrong: string[] = [];
  let rejects = 0;
  let sameMessage = 0;
  const unsupported: string[] = [];
  for (const theirs of verdicts) {
    const object = objects.get(theirs.file);
    const ours = object instanceof OurObject ? object.judge(theirs.program) : refused(undefined, `${object}`);
    const difference = disagreement(theirs, ours);
    if (ours.isUnsupported) unsupported.push(`${theirs.program}: ${ours.message}`);
    else if (difference) wrong.push(difference);
    else if (theirs.errno !== 0) {
      rejects++;
      const said = complaint(theirs.log.split('\n'));
      if (said === ours.message) sameMessage++;
      else if (VERBOSE) process.stdout.write(`${theirs.program}: kernel '${said}', ours '${ours.message}'\n`);
    }
  }
  const summary = `objects: ${verdicts.length} programs, ${wrong.length} disagreements, ${unsupported.length} not judged, message equal in ${sameMessage} of ${rejects} rejects`;
  if (wrong.length) throw new Error([summary, ...wrong].join('\n\n'));
  process.stdout.write(`${summary}\n`);
});
