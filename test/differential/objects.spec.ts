/**
 * Our verdict on compiled C programs against the running kernel's: parsed, relocated and verified by us; opened and
 * loaded by libbpf there. The objects of `examples/`, and those of the folders that `PROBED_DIFFERENTIAL_OBJECTS`
 * names (separated by `:`). Without Linux, root, bpf(2) and libbpf it says so in a line and passes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectSpec, parseObject, relocate, relocateProgram } from '@probed/object';
import { mapInfoOf } from '@probed/runtime';
import type { KernelFacts, MapInfo } from '@probed/spec';
import { verify } from '@probed/verifier';
import { complaint } from './complaint';
import { hostFacts } from './host-facts';
import { judgeOnHost, type ObjectVerdict } from './host-objects';

const EXAMPLES = join(__dirname, '../../examples');
const FOLDERS = [EXAMPLES, ...(process.env['PROBED_DIFFERENTIAL_OBJECTS']?.split(':') ?? [])];

function objectFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.o'))
    .map((name) => join(folder, name));
}

interface OurVerdict {
  readonly errno: number;
  readonly message: string;
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
    const verdict = verify(fitted.value, this.maps, this.facts, { license, objectBtf: btf, logLevel: 1 });
    if (verdict.ok) return { errno: 0, message: '', log: [] };
    return { errno: verdict.error.errno, message: complaint(verdict.error.log), log: verdict.error.log };
  }
}

const LOG_TAIL_LINES = 8;

function disagreement(theirs: ObjectVerdict, ours: OurVerdict): string | undefined {
  if ((theirs.errno === 0) === (ours.errno === 0)) return undefined;
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
  const files = FOLDERS.flatMap(objectFiles).sort();
  const verdicts = facts ? judgeOnHost(files) : 'no BTF at /sys/kernel/btf/vmlinux';
  if (!facts || typeof verdicts === 'string') {
    console.log(`skipped: ${verdicts}`);
    return;
  }
  const objects = new Map(files.map((file) => [file, OurObject.open(file, facts)]));
  const wrong: string[] = [];
  let rejects = 0;
  let sameMessage = 0;
  for (const theirs of verdicts) {
    const object = objects.get(theirs.file);
    const ours = object instanceof OurObject ? object.judge(theirs.program) : refused(undefined, `${object}`);
    const difference = disagreement(theirs, ours);
    if (difference) wrong.push(difference);
    else if (theirs.errno !== 0) {
      rejects++;
      if (complaint(theirs.log.split('\n')) === ours.message) sameMessage++;
    }
  }
  const summary = `objects: ${verdicts.length} programs, ${wrong.length} disagreements, message equal in ${sameMessage} of ${rejects} rejects`;
  if (wrong.length) throw new Error([summary, ...wrong].join('\n\n'));
  process.stdout.write(`${summary}\n`);
});
