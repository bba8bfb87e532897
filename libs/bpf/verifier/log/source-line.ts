import type { LineInfo } from '@probed/spec';
import type { VerifierEnv } from '../env';

/** `bpf_find_linfo`: the source position that covers an instruction. */
export function lineInfoAt(lineInfo: readonly LineInfo[], insn: number): LineInfo | undefined {
  let lo = 0;
  let hi = lineInfo.length - 1;
  if (hi < 0 || lineInfo[0].insn > insn) return undefined;
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (lineInfo[mid].insn <= insn) lo = mid;
    else hi = mid - 1;
  }
  return lineInfo[lo];
}

/**
 * The source line of an instruction with a prefix, ending in a newline; empty when the line was the last one printed
 * (kernel/bpf/log.c: verbose_linfo).
 */
export function sourceLine(env: VerifierEnv, insn: number, prefix: string): string {
  if (env.log.level === 0) return '';
  const prev = env.prevLineInfo;
  const info = lineInfoAt(env.spec.lineInfo, insn);
  if (!info || info === prev || (prev && info.file === prev.file && info.line === prev.line)) return '';
  env.prevLineInfo = info;
  const file = info.file.slice(info.file.lastIndexOf('/') + 1);
  return `${prefix}${info.text.trimStart()} @ ${file}:${info.line}\n`;
}
