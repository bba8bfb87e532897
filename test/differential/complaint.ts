/**
 * What the verifier complains of in its log: the last line that is neither empty, nor statistics, nor the pair of states
 * that shows an infinite loop.
 */
export function complaint(lines: readonly string[]): string {
  const said = lines.map(withoutNeighbours).filter((line) => line !== '' && !/^(cur|old) state: /.test(line));
  return said[said.length - 1] ?? '';
}

/** Some complaints of the kernel's share their line with the statistics, or with the instruction before them. */
function withoutNeighbours(line: string): string {
  return line
    .replace(/(processed \d+ insns|verification time|stack depth).*/, '')
    .replace(/^\d+: \(.*(BPF program is too large\.|infinite loop detected )/, '$1');
}
