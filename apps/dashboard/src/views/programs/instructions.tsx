/** A line such as `  12: (85) call bpf_map_lookup_elem#1`, as bpftool prints it. */
const INSTRUCTION = /^(\s*\d+): \(([\da-f]{2})\) (\S+)(.*)$/;

/** Instructions after relocation. */
export function Instructions({ lines }: { lines: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <pre class="code instructions" tabIndex={0}>
      {lines.map((line, at) => (
        <Line key={at} line={line} />
      ))}
    </pre>
  );
}

function Line({ line }: { line: string }) {
  const match = INSTRUCTION.exec(line);
  if (!match) return <span class="line line-source">{line}</span>;
  const [, at, opcode, mnemonic, rest] = match;
  const branch = /^(if|goto|call|exit)$/.test(mnemonic);
  return (
    <span class="line">
      <span class="insn-at">{at}</span> <span class="insn-code">{opcode}</span>{' '}
      <span class={branch ? 'insn-branch' : undefined}>{mnemonic}</span>
      {rest}
    </span>
  );
}
