import type { Prng } from '@probed/base';
import type { Kernel, Tty } from '@probed/system';

/** One line and when it is typed, ns after the session's start. */
export interface TypedLine {
  readonly atNs: number;
  readonly text: string;
}

/** When a person types each of these lines: pauses between them average `pauseNs`. */
export function typingTimes(prng: Prng, lines: readonly string[], pauseNs: number): TypedLine[] {
  let atNs = 0;
  return lines.map((text) => {
    atNs += pauseNs * 0.35 + prng.exponential(pauseNs * 0.65);
    return { atNs, text };
  });
}

/** Types lines at a terminal at their times. */
export function typeLines(kernel: Kernel, tty: Tty, startNs: number, lines: readonly TypedLine[]): void {
  for (const { atNs, text } of lines)
    kernel.sched.at(startNs + atNs, tty.index % kernel.cpus, () => tty.type(kernel, `${text}\n`));
}
