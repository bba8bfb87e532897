/** Small programs, each a question to the running kernel and to our verifier, and where their answers differ. */
import { encodeInsns, type Insn } from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import { capabilityMask } from './capabilities';
import { complaint } from './complaint';
import { judge, type ProgramKind } from './emulated';
import { POINTER_MAPS } from './generate-pointers';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel } from './host-kernel';

export interface Question {
  readonly what: string;
  readonly kind: ProgramKind;
  readonly insns: readonly Insn[];
}

/** `PROBED_DIFFERENTIAL_TABLES=all` asks every question, a number every so many-th, by default every 101st. */
const TABLES = process.env['PROBED_DIFFERENTIAL_TABLES'] ?? '101';
const STRIDE = TABLES === 'all' ? 1 : Number(TABLES);

/** How long one table may take. */
export const TABLE_TIMEOUT_MS = 3_600_000;
const LOG_TAIL_BYTES = 1 << 16;
const SHOWN = Number(process.env['PROBED_DIFFERENTIAL_SHOWN'] ?? 40);

/** Asks both; throws a list of differences. Where the kernel can't be asked it says so in a line. */
export async function askAll(ask: (facts: KernelFacts) => Iterable<Question>): Promise<void> {
  const kernel = await openHostKernel();
  const facts = hostFacts();
  if (typeof kernel === 'string' || !facts) {
    console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
    return;
  }
  try {
    for (const map of POINTER_MAPS) await kernel.createMap(map);
    const wrong: string[] = [];
    let asked = 0;
    let unsupported = 0;
    for (const question of ask(facts)) {
      if (asked++ % STRIDE !== 0) continue;
      const answer = await difference(kernel, facts, question);
      if (answer === 'unsupported') unsupported++;
      else if (answer) wrong.push(answer);
    }
    const head = `${wrong.length} of ${Math.ceil(asked / STRIDE)} answers differ, ${unsupported} are not judged`;
    if (wrong.length) throw new Error([head, ...wrong.slice(0, SHOWN)].join('\n'));
  } finally {
    kernel.close();
  }
}

/** What differs: errno, or the complaint where the kernel has words for it. */
async function difference(
  kernel: HostKernel,
  facts: KernelFacts,
  { kind, insns, what }: Question,
): Promise<string | undefined> {
  const { type, attachType, flags } = kind;
  const theirs = await kernel.load({
    type,
    expectedAttachType: attachType,
    flags,
    attachBtfId: kind.attachBtfId,
    caps: capabilityMask(kind.caps),
    insns: encodeInsns(insns),
    logLevel: 1,
    logSize: LOG_TAIL_BYTES,
  });
  const ours = judge(insns, facts, kind);
  if (ours.isUnsupported) return 'unsupported';
  const said = theirs.errno === 0 ? '' : complaint(theirs.log.split('\n'));
  const weSaid = ours.errno === 0 ? '' : complaint(ours.log);
  if (theirs.errno === ours.errno && (theirs.log === '' || said === weSaid)) return undefined;
  const where = `type ${type}/${attachType}${kind.caps ? ` with ${kind.caps.join(',') || 'no capabilities'}` : ''}`;
  return `${where}, ${what}: kernel ${theirs.errno} '${said}', ours ${ours.errno} '${weSaid}'`;
}
