/** The verifier's complaint in its log: the last line that is neither statistics nor empty. */
export function complaint(lines: readonly string[]): string {
  const said = lines.filter(
    (line) => line !== '' && !/^(processed \d|verification time|stack depth)/.test(line),
  );
  return said[said.length - 1] ?? '';
}
