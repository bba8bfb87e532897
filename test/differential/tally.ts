/** Counting and telling the disagreements of a run. */
import { disassemble, type Insn } from '@probed/isa';
import { minimise } from './minimise';

/** What both said of one program. */
export interface Comparison {
  /** 0 when accepted. */
  readonly kernelErrno: number;
  readonly ourErrno: number;
  /** The complaint, as printed; empty for an accepted program. */
  readonly kernelMessage: string;
  readonly ourMessage: string;
  /** Our verifier refuses by name to judge it; counts neither way. */
  readonly isUnsupported: boolean;
}

/** Kinds of disagreement that are minimised and told. */
const KINDS_TOLD = 20;

const differs = (c: Comparison) => !c.isUnsupported && (c.kernelErrno === 0) !== (c.ourErrno === 0);

/** The same for all disagreements of one cause. */
function kindOf(c: Comparison): string {
  const text = `kernel ${c.kernelErrno}: ${c.kernelMessage} / ours ${c.ourErrno}: ${c.ourMessage}`;
  return text.replace(/\d+/g, 'N').replace(/ {2}/g, ' ');
}

/**
 * Differences that stay, by kind. Linux 6.18.44 lets tracepoint programs read before their record (any negative constant
 * offset); 6.18's tp_prog_is_valid_access refuses that, and so do we.
 */
const KNOWN_DIFFERENCES: readonly RegExp[] = [
  /^kernel N: \/ ours N: invalid bpf_context access off=-N size=N$/,
];

interface Kind {
  count: number;
  /** The first program that shows it. */
  readonly index: number;
  readonly insns: readonly Insn[];
}

/** What a run found. */
export class Tally {
  private programs = 0;
  private unsupported = 0;
  private known = 0;
  private rejects = 0;
  private sameMessage = 0;
  /** Disagreements by kind. */
  readonly kinds = new Map<string, Kind>();
  /** Rejects that differ in words only, by kind. */
  readonly words = new Map<string, number>();

  add(index: number, insns: readonly Insn[], comparison: Comparison): void {
    this.programs++;
    const kind = kindOf(comparison);
    if (comparison.isUnsupported) this.unsupported++;
    else if (differs(comparison) && KNOWN_DIFFERENCES.some((pattern) => pattern.test(kind))) this.known++;
    else if (differs(comparison)) {
      const known = this.kinds.get(kind);
      if (known) known.count++;
      else this.kinds.set(kind, { count: 1, insns, index });
    } else if (comparison.kernelErrno !== 0) {
      this.rejects++;
      if (comparison.kernelMessage === comparison.ourMessage) this.sameMessage++;
      else this.words.set(kind, (this.words.get(kind) ?? 0) + 1);
    }
  }

  merge(other: Tally): void {
    this.programs += other.programs;
    this.unsupported += other.unsupported;
    this.known += other.known;
    this.rejects += other.rejects;
    this.sameMessage += other.sameMessage;
    for (const [kind, { count, ...first }] of other.kinds) {
      this.kinds.set(kind, { ...first, count: count + (this.kinds.get(kind)?.count ?? 0) });
    }
    for (const [kind, count] of other.words) this.words.set(kind, count + (this.words.get(kind) ?? 0));
  }

  summary(what: string): string {
    const disagreeing = [...this.kinds.values()].reduce((sum, kind) => sum + kind.count, 0);
    const judged = Math.max(1, this.programs - this.unsupported);
    const agreement = ((100 * (judged - disagreeing)) / judged).toFixed(2);
    const messages = ((100 * this.sameMessage) / Math.max(1, this.rejects)).toFixed(1);
    const head = `${what}: ${this.programs} programs (${this.unsupported} not judged, ${this.known} differ as known), agreement ${agreement} %`;
    const told = process.env['PROBED_DIFFERENTIAL_VERBOSE'] === undefined ? [] : this.differentWords();
    return [`${head}, message equal in ${messages} % of ${this.rejects} rejects`, ...told].join('\n');
  }

  private differentWords(): string[] {
    return [...this.words].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `  words: ${count} × ${kind}`);
  }
}

/** Each kind of disagreement once, cut down to the instructions that matter. */
export async function explainTally(
  tally: Tally,
  ask: (insns: readonly Insn[]) => Promise<Comparison>,
): Promise<string> {
  const kinds = [...tally.kinds].sort((a, b) => b[1].count - a[1].count);
  const parts: string[] = [];
  for (const [kind, { count, insns, index }] of kinds.slice(0, KINDS_TOLD)) {
    const small = await minimise(insns, async (p) => kindOf(await ask(p)) === kind);
    parts.push(`\n${count} × ${kind} (first: program ${index})`, ...disassemble(small));
  }
  return parts.join('\n');
}
