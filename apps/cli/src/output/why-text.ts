import type { Finding } from '@probed/machine';
import type { WhyDocument } from './documents';

/** Findings as people read them, the most telling first. */
export function whyText({ program, hook, findings }: WhyDocument): string {
  return [`\nwhy ${program} (${hook}):`, ...findingLines(findings)].join('\n');
}

export function findingLines(findings: readonly Omit<Finding, 'code'>[]): string[] {
  return findings.flatMap(({ what, evidence, advice }) => [
    `  ${what}`,
    ...evidence.map((line) => `    · ${line}`),
    ...(advice ? [`    → ${advice}`] : []),
  ]);
}
