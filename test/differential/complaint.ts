/** The verifier's complaint in its log: the last line that is neither statistics nor empty. */
export function complaint(lines: readonly string[]): string {
  // One complaint of the kernel's lacks its newline, and the statistics follow it on the same line.
  const said = lines
    .map((line) => line.replace(/(processed \d+ insns|verification time|stack depth).*/, ''))
    .filter((line) => line !== '');
  return said[said.length - 1] ?? '';
}
